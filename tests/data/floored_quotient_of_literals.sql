-- The macro floored_quotient on both sides of zero and of each boundary. A row is an answer that
-- differs.
with examples (dividend, divisor, expected) as (
    values
    (cast(0 as hugeint), cast(10 as hugeint), cast(0 as hugeint)),
    (9, 10, 0),
    (10, 10, 1),
    (19, 10, 1),
    (-1, 10, -1),
    (-10, 10, -1),
    (-11, 10, -2),
    (3, 1, 3),
    (null, 10, null)
)

select
    dividend,
    divisor,
    expected,
    {{ floored_quotient('dividend', 'divisor') }} as floored_quotient
from examples
where {{ floored_quotient('dividend', 'divisor') }} is distinct from expected
