-- The macro growth_pct with figures worked out by hand. A row is an answer that differs.
with examples (figure, earlier, expected) as (
    values
    (cast(150 as decimal(18, 4)), cast(100 as decimal(18, 4)), 50.0),
    (0, 80, -100.0),
    (80, 80, 0.0),
    (50, 0, null),
    (50, null, null),
    (null, 50, null),
    (0.0300, 0.0200, 50.0),
    (0, 0.0007, -100.0),
    (1.1166, 0.9710, 14.9948506694)
)

select
    figure,
    earlier,
    expected,
    {{ growth_pct('figure', 'earlier') }} as growth_pct
from examples
where {{ growth_pct('figure', 'earlier') }} is distinct from expected
