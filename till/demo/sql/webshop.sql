-- What the webshop's API serves: customers, products, orders, exchange rates, events. Columns whose
-- names begin with an underscore are not served; they tell how the row was at an earlier moment.

-- Numbers that look drawn from a hat but never meet: an odd factor permutes the residues of a power
-- of two.
create macro scrambled(number, bits) as
    (number::hugeint * 2654435769 % (1::hugeint << bits))::bigint;

-- Keys are shopper_key * 256 + number of the order, and all shopper keys of the webshop are odd:
-- the bit that says so is left out, to keep the numbers short.
create macro web_number(key) as key // 512 * 256 + key % 256;

create macro web_order_id(key) as printf('W-%08x', scrambled(web_number(key), 32));

create macro web_customer_id(number) as printf('CU-%06d', number);

create table web_orders as
with moments as (
    select
        *,
        madrid_to_utc(sold_at) as ordered_at,
        basket_key + case when kind = 'return' then 128 else 0 end as order_key
    from orders_unsorted
    where channel = 'web'
),

sent as (
    select
        *,
        ordered_at
        + to_seconds(integer_between(order_key, 'sent', 4 * 3600, 30 * 3600)) as shipped_at
    from moments
)

select
    order_key,
    basket_key,
    kind,
    web_order_id(order_key) as order_id,
    shopper_key,
    shopper_number,
    is_known,
    country_number,
    day_number,
    ordered_at,
    shipped_at,
    shipped_at
    + to_seconds(integer_between(order_key, 'delivered', 86400, 5 * 86400)) as delivered_at
from sent
order by delivered_at, order_id;

create view web_order_documents as
with itemised as (
    select
        *,
        list_transform(
            items,
            lambda item: {
                'product_id': product_ids[item.product],
                'quantity': item.quantity,
                'unit_price': item.unit_price::varchar,
                'discount_amount': item.discount::varchar
            }
        ) as merchandise,
        coalesce(list_sum(list_transform(items, lambda item: item.quantity * item.unit_price)), 0)
            < 40 * price_factors[country_number] as is_small
    from baskets('web_orders')
),

extended as (
    select
        *,
        list_concat(
            merchandise,
            case when kind = 'sale' and is_small then [{
                'product_id': 'SHIPPING',
                'quantity': 1,
                'unit_price':
                    round(4.90 * price_factors[country_number], 2)::decimal(10, 2)::varchar,
                'discount_amount': '0.00'
            }] else [] end,
            case when kind = 'sale' and uniform(basket_key, 'voucher') < 0.01 then [{
                'product_id': 'VOUCHER',
                'quantity': 1,
                'unit_price': pick(basket_key, 'voucher value', ['25.00', '50.00']),
                'discount_amount': '0.00'
            }] else [] end
        ) as all_lines
    from itemised
)

select
    order_id,
    kind,
    case when kind = 'return' then web_order_id(basket_key) end as original_order_id,
    case when is_known then web_customer_id(shopper_number) end as customer_id,
    ordered_at,
    country_codes[country_number] as country_code,
    case
        when uniform(basket_key, 'sold through') < 0.62 then 'web'
        when uniform(basket_key, 'sold through') < 0.88 then 'app'
        else 'marketplace'
    end as channel,
    currencies[country_number] as currency,
    'delivered' as status,
    delivered_at as updated_at,
    list_transform(
        all_lines,
        lambda line, place: {
            'line_id': order_id || '-' || place,
            'line_number': place,
            'product_id': line.product_id,
            'quantity': line.quantity,
            'unit_price': line.unit_price,
            'discount_amount': line.discount_amount
        }
    ) as lines,
    shipped_at as _shipped_at
from extended;

create view web_customer_documents as
with named as (
    select
        shoppers.*,
        countries.country_code,
        pick(shoppers.shopper_key, 'first name', people.first_names) as first_name,
        pick(shoppers.shopper_key, 'last name', people.last_names) as last_name,
        madrid_to_utc(
            shoppers.signed_up_on
            + to_seconds(integer_between(shoppers.shopper_key, 'signed up at', 25200, 26900))
        ) as signed_up_at,
        uniform(shoppers.shopper_key, 'no email') < 0.02 as is_missing_email,
        uniform(shoppers.shopper_key, 'moves') < 0.12 as has_new_address
    from shoppers
    inner join people using (country_number)
    inner join countries using (country_number)
    where shoppers.channel = 'web' and shoppers.is_known
),

addressed as (
    select
        *,
        case
            when not is_missing_email
                then email_address(first_name, last_name, shopper_number)
        end as first_email
    from named
)

select
    web_customer_id(shopper_number) as customer_id,
    first_name || ' ' || last_name as name,
    case
        when has_new_address then replace(first_email, '@example.com', '@example.org')
        else first_email
    end as email,
    country_code,
    signed_up_at,
    case
        when has_new_address
            then signed_up_at + to_seconds(
                86400 + floor(
                    uniform(shopper_key, 'moved')
                    * greatest(
                        epoch(getvariable('story_ends_at')::timestamp - signed_up_at) - 2 * 86400,
                        0
                    )
                )::bigint
            )
        else signed_up_at
    end as updated_at,
    first_email as _first_email
from addressed
order by updated_at, customer_id;

create view web_product_documents as
select
    product_id,
    product_name as name,
    category,
    unit_cost::varchar as unit_cost,
    unit_price_2025::varchar as unit_price,
    'EUR' as currency,
    greatest(
        timestamp '2025-01-01 05:00:00' + to_minutes(product_number),
        coalesce(sold_from - interval 7 days, timestamp '2025-01-01 05:00:00')
    ) as updated_at,
    case
        when sold_from >= date '2025-01-01' then updated_at
        else coalesce(sold_from, date '2023-11-15') - interval 7 days + to_minutes(product_number)
    end as _listed_at,
    unit_price::varchar as _first_unit_price
from products
order by updated_at, product_id;

-- The rates wander as sums of slow waves with a little noise; none on week-ends and bank holidays.
create view exchange_rate_documents as
with business_days as (
    select
        day,
        day - date '2023-12-01' as day_number
    from (
        select
            unnest(
                generate_series(
                    date '2023-12-01', getvariable('last_day')::date, interval 1 day
                )
            )::date as day
    )
    where
        isodow(day) < 6
        and strftime(day, '%m-%d') not in ('01-01', '05-01', '12-25', '12-26')
        and day not in (date '2024-03-29', date '2024-04-01', date '2025-04-18', date '2025-04-21')
),

currencies as (
    select * from (values
        (1, 'GBP', 1.165), (2, 'USD', 0.915), (3, 'SEK', 0.0885)
    ) as currencies (number, currency, middle)
)

select
    currency || '-' || strftime(day, '%Y-%m-%d') as rate_id,
    strftime(day, '%Y-%m-%d') as rate_date,
    currency,
    'EUR' as reporting_currency,
    (
        middle * (
            1
            + 0.020 * sin(day_number / 97.0 + number)
            + 0.008 * sin(day_number / 23.0 + 2 * number)
            + 0.002 * (uniform(day_number * 4 + number, 'rate') - 0.5)
        )
    )::decimal(18, 6)::varchar as rate,
    day + interval 15 hours as updated_at
from business_days
cross join currencies
order by updated_at, rate_id;

-- What visitors who agreed to be counted did: the visit that led to an order, and some that led
-- nowhere.
create view event_documents as
with visits as (
    select
        order_key,
        ordered_at,
        case when is_known then web_customer_id(shopper_number) end as customer_id,
        printf('S-%08x', scrambled(web_number(order_key) + 64, 32)) as session_id,
        list_transform(items, lambda item: product_ids[item.product]) as wanted,
        product_ids[
            product_slots[month_number * 2048 + integer_between(basket_key, 'glance', 1, 2048)]
        ] as glanced_at,
        uniform(basket_key, 'idle visit') < 0.6 and day_number > 10 as has_idle_visit,
        ordered_at
        - to_seconds(integer_between(basket_key, 'idle since', 86400, 9 * 86400)) as idle_at
    from baskets('web_orders')
    where kind = 'sale' and uniform(shopper_key, 'consent') < 0.3
),

told as (
    select
        order_key,
        customer_id,
        list_concat(
            list_transform(
                wanted,
                lambda product, place: {
                    'event_type': 'view', 'product_id': product, 'session_id': session_id,
                    'occurred_at': ordered_at - to_seconds(900 - 60 * place)
                }
            ),
            [
                {
                    'event_type': 'add_to_cart', 'product_id': wanted[1], 'session_id': session_id,
                    'occurred_at': ordered_at - to_seconds(400)
                },
                {
                    'event_type': 'checkout', 'product_id': null, 'session_id': session_id,
                    'occurred_at': ordered_at - to_seconds(120)
                },
                {
                    'event_type': 'purchase', 'product_id': null, 'session_id': session_id,
                    'occurred_at': ordered_at
                }
            ],
            case when has_idle_visit then [{
                'event_type': 'view', 'product_id': glanced_at, 'session_id': session_id || '-0',
                'occurred_at': idle_at
            }] else [] end,
            case when has_idle_visit and uniform(order_key, 'left behind') < 0.3 then [{
                'event_type': 'add_to_cart', 'product_id': glanced_at,
                'session_id': session_id || '-0', 'occurred_at': idle_at + to_seconds(95)
            }] else [] end
        ) as steps
    from visits
)

select
    printf('E-%09x', scrambled(web_number(order_key) * 16 + place, 36)) as event_id,
    step.event_type as event_type,
    step.occurred_at as occurred_at,
    customer_id,
    step.session_id as session_id,
    step.product_id as product_id,
    step.occurred_at + to_seconds(5) as updated_at
from (
    select
        order_key,
        customer_id,
        unnest(steps) as step,
        unnest(range(len(steps))) as place
    from told
) as unrolled;
