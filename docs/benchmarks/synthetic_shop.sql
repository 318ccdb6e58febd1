-- A made-up gift shop of any size, in the columns of examples/online_retail: five years of invoices.
-- Every value is a hash of its row's number, so a size is the same rows on every run. Nothing here
-- grows with the number of lines: a file is made from the days of its month alone.
--
-- Reads the variables lines, increment_lines (numbers) that synthetic_shop.py sets.

set variable first_day = date '2021-01-01';
set variable last_day = date '2025-12-31';
set variable lines_per_order = 3.2;
set variable orders_per_customer = 12;
set variable products = 15000;

-- A number from 0 to below 1, evenly spread, of a row's number and what it is drawn for.
create macro drawn(number, purpose) as (hash(number, purpose) >> 11) / 9007199254740992;

-- Index 0 is the best seller: shares fall like 1 / (rank + 20), the first has 0.7 % of the lines.
create macro drawn_product(number) as
    cast(
        floor(20 * pow((getvariable('products') + 20) / 20, drawn(number, 'product')) - 20)
        as bigint
    );

-- Which calendar days are written into which file, and which invoices they have.
create table days as
with calendar as (
    select cast(unnest(
        generate_series(getvariable('first_day'), getvariable('last_day'), interval 1 day)
    ) as date) as day
),

weighted as (
    select
        day,
        [1.0, 1.05, 1.05, 1.15, 1.2, 0.9, 0.5][isodow(day)]
        * [0.85, 0.85, 0.95, 0.95, 1, 0.95, 0.9, 0.85, 1.05, 1.2, 1.55, 1.3][month(day)]
        * (1 + 0.1 * (day - getvariable('first_day')) / 365)
        * (0.9 + 0.2 * drawn(day - getvariable('first_day'), 'weather')) as weight
    from calendar
),

shares as (
    select
        day,
        cast(sum(weight) over (order by day) as double)
        / cast(sum(weight) over () as double) as share_up_to_here
    from weighted
),

ends as (
    select
        day,
        cast(round(
            share_up_to_here * getvariable('lines') / getvariable('lines_per_order')
        ) as bigint) as end_order
    from shares
),

base as (
    select
        strftime(day, '%Y-%m') as file,
        day,
        coalesce(lag(end_order) over (order by day), 0) as first_order,
        end_order - first_order as orders_of_day
    from ends
),

base_end as (
    select max(first_order + orders_of_day) as end_order
    from base
),

-- At the pace of the years before, but within one month.
increment_days as (
    select
        cast(least(31, greatest(1, ceil(
            getvariable('increment_lines') * 1826 / getvariable('lines')
        ))) as bigint) as days,
        cast(ceil(
            getvariable('increment_lines') / getvariable('lines_per_order') / days
        ) as bigint) as orders_of_day
),

increment as (
    select
        'increment' as file,
        getvariable('last_day') + 1 + cast(place as integer) as day,
        base_end.end_order + place * increment_days.orders_of_day as first_order,
        increment_days.orders_of_day
    from increment_days
    cross join base_end
    cross join unnest(range(increment_days.days)) as places (place)
),

-- Lines that come late: more of an invoice that the last month of the base already has.
late as (
    select
        'increment' as file,
        day,
        first_order,
        orders_of_day
    from base
    where day between getvariable('last_day') - 20 and getvariable('last_day') - 11
),

all_days as (
    select *, false as is_late from base
    union all
    select *, false as is_late from increment
    union all
    select *, true as is_late from late
)

select
    *,
    -- Customers come one after the other; a tenth was there before the first day.
    cast(ceil(
        getvariable('lines') / getvariable('lines_per_order') / getvariable('orders_per_customer')
        * (0.1 + 0.9 * (day - getvariable('first_day')) / 1826)
    ) as bigint) as customers_until_now
from all_days;

create macro orders_of(file_name) as table
with numbered as (
    select
        day,
        orders_of_day,
        customers_until_now,
        is_late,
        unnest(range(case when is_late then least(orders_of_day, 1) else orders_of_day end))
            as place,
        first_order + place as order_number
    from days
    where file = file_name
),

drawn_orders as (
    select
        *,
        drawn(order_number, 'customer') as customer_draw,
        hash(order_number, 'kind') % 50 = 0 as is_cancellation,
        -- One in ten orders names no customer. A quarter comes from the two per cent who are
        -- loyal, the others sooner from customers who came lately.
        case
            when hash(order_number, 'known') % 10 = 0 then null
            when hash(order_number, 'loyal') % 4 = 0
                then 50 * cast(floor(customer_draw * customers_until_now / 50) as bigint)
            else
                cast(floor(customers_until_now * (1 - customer_draw * customer_draw)) as bigint)
        end as customer_number
    from numbered
)

select
    order_number,
    is_cancellation,
    is_late,
    day + to_minutes(480 + cast(720 * place // orders_of_day as bigint)) as invoiced_at,
    year(day) - 2021 as years,
    customer_number,
    -- Twenty-eight draws of forty-seven are the home country.
    greatest(0, cast(hash(coalesce(customer_number, -order_number), 'country') % 47 as bigint) - 27)
        as country_number,
    [1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 4, 5, 6, 8, 11][
        1 + cast(hash(order_number, 'size') % 20 as bigint)
    ] as product_lines,
    drawn_product(order_number * 64 + 1) as first_product
from drawn_orders;

-- Line 0 of an invoice is its postage, line 63 one that came late.
create macro lines_of(file_name) as table
with numbered as (
    select
        *,
        unnest(case
            when is_late then [63]
            else range(
                case when country_number > 0 and order_number % 4 = 0 then 0 else 1 end,
                product_lines + 1
            )
        end) as line,
        order_number * 64 + line as line_number
    from orders_of(file_name)
),

drawn_lines as (
    select
        *,
        -- A fifth of the second lines is the partner of the first: things that sell together.
        case
            when line = 2 and hash(line_number, 'partner') % 5 = 0 then xor(first_product, 1)
            else drawn_product(line_number)
        end as product,
        [1, 1, 1, 1, 2, 2, 2, 3, 4, 4, 6, 6, 8, 12, 12, 24][
            1 + cast(hash(line_number, 'quantity') % 16 as bigint)
        ] as pieces,
        case
            when line = 0 then 'postage'
            when hash(line_number, 'special') % 20000 = 0 then 'manual'
            when hash(line_number, 'special') % 2000 = 1 then 'gift'
            else 'product'
        end as line_kind
    from numbered
),

priced as (
    select
        *,
        -- Pence, in whole numbers: prices rise by 3 % a year, a dozen costs 15 % less a piece.
        case line_kind
            when 'postage' then [1500, 1800, 2800, 4000][
                1 + cast(hash(order_number, 'postage') % 4 as bigint)
            ]
            when 'gift' then 0
            else
                [42, 65, 85, 125, 145, 165, 195, 255, 295, 375, 495, 595, 795, 995, 1275, 1695][
                    1 + cast(hash(product, 'price') % 16 as bigint)
                ] * (100 + 3 * years) * case when pieces >= 12 then 85 else 100 end // 10000
        end as pence
    from drawn_lines
)

select
    case when is_cancellation then 'C' else '' end || (500000 + order_number) as "InvoiceNo",
    case line_kind
        when 'postage' then 'POST'
        when 'manual' then 'M'
        else cast(10000 + (product * 7919) % getvariable('products') as varchar)
    end as "StockCode",
    case line_kind
        when 'postage' then 'POSTAGE'
        when 'manual' then 'Manual'
        else
            [
                'RED', 'WHITE', 'BLUE', 'PINK', 'GREEN', 'IVORY', 'BLACK', 'SILVER', 'GOLD', 'CREAM',
                'ZINC', 'WOODEN', 'GLASS', 'VINTAGE', 'RETRO', 'SMALL', 'LARGE', 'MINI', 'HANGING',
                'PAINTED'
            ][1 + product % 20] || ' '
            || [
                'HEART', 'STAR', 'SPOT', 'STRIPE', 'FLORAL', 'LACE', 'POLKADOT', 'BUTTERFLY', 'ROSE',
                'DAISY', 'CHRISTMAS', 'EASTER', 'GARDEN', 'KITCHEN', 'PARTY', 'TRAVEL', 'CIRCUS',
                'SPACEBOY', 'DOLLY GIRL', 'WOODLAND', 'PAISLEY', 'SKULL', 'STRAWBERRY', 'OWL', 'CAT'
            ][1 + product // 20 % 25] || ' '
            || [
                'CANDLE', 'MUG', 'PLATE', 'BOWL', 'CUSHION', 'BAG', 'TEA TOWEL', 'APRON', 'FRAME',
                'CLOCK', 'LANTERN', 'T-LIGHT HOLDER', 'DOORMAT', 'MIRROR', 'BOX', 'TIN', 'TRAY',
                'CAKE STAND', 'JAR', 'BOTTLE', 'NOTEBOOK', 'CARD', 'WRAP', 'BUNTING', 'UMBRELLA',
                'PURSE', 'KEY RING', 'SIGN', 'HOOK', 'DRAWER KNOB'
            ][1 + product // 500 % 30]
    end as "Description",
    case when line = 0 then 1 else pieces end * case when is_cancellation then -1 else 1 end
        as "Quantity",
    strftime(invoiced_at, '%Y-%m-%d %H:%M:%S') as "InvoiceDate",
    cast(pence / 100 as decimal(9, 2)) as "UnitPrice",
    -- As a spreadsheet leaves it.
    (10000 + customer_number) || '.0' as "CustomerID",
    [
        'United Kingdom', 'Germany', 'France', 'EIRE', 'Spain', 'Netherlands', 'Belgium', 'Switzerland',
        'Portugal', 'Australia', 'Norway', 'Italy', 'Sweden', 'Denmark', 'Finland', 'Austria', 'Poland',
        'USA', 'Japan', 'Greece'
    ][1 + country_number] as "Country"
from priced
-- One line in a thousand is exported twice.
cross join unnest(range(case when hash(line_number, 'twice') % 1000 = 0 then 2 else 1 end)) as copies;
