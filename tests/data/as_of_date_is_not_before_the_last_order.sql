-- Rule: nothing is ordered after as_of_date. A row means that the variable as_of_date is set to a
-- day before the last order: unset it, or set it to a later day.
select
    as_of_date,
    last_order_date
from {{ ref('int_as_of_date') }}
where as_of_date < last_order_date
