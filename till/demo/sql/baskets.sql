-- What is in a basket: distinct products, quantities, prices and discounts, from the basket's key
-- alone, so that a return takes back what was sold without any lookup of the sale.

-- One row per order of the given table, in its order, with `items`: a list of
-- {product, quantity, unit_price, discount}, prices in the currency of the customer's country.
create macro baskets(orders_table) as table
with sized as (
    select
        orders.*,
        lookups.*,
        case
            when uniform(basket_key, 'size') < 0.28 then 1
            when uniform(basket_key, 'size') < 0.58 then 2
            when uniform(basket_key, 'size') < 0.80 then 3
            when uniform(basket_key, 'size') < 0.92 then 4
            else 5
        end as size,
        lookups.months[day_number + 1] as month_number
    from query_table(orders_table) as orders
    cross join lookups
),

-- The draws of one basket lie in separate parts of the circle, further apart than any one product's
-- share is wide: a product comes at most once.
drawn as (
    select
        *,
        list_transform(
            range(size),
            lambda place: product_slots[
                month_number * 2048 + 1 + floor(
                    2048 * fmod(
                        uniform(basket_key, 'basket')
                        + (place + 0.5 * uniform(basket_key * 8 + place, 'product')) / size,
                        1
                    )
                )::bigint
            ]
        ) as drawn_products
    from sized
),

-- Some things are bought together: oil and crackers, coffee and filters.
paired as (
    select
        *,
        case
            when
                size > 1
                and partners[drawn_products[1]] > 0
                and uniform(basket_key, 'pair') < 0.4
                then list_concat(
                    [drawn_products[1], partners[drawn_products[1]]],
                    list_filter(
                        drawn_products[3:],
                        lambda product: product != partners[drawn_products[1]]
                    )
                )
            else drawn_products
        end as products
    from drawn
),

chosen as (
    select
        *,
        case
            when kind = 'return' and uniform(basket_key, 'whole return') < 0.7 then products[1:1]
            else products
        end as chosen_products,
        case when kind = 'return' then -1 else 1 end as direction,
        case
            when promotions[day_number + 1] then 0.20
            when uniform(basket_key, 'discount') < 0.05 then 0.10
            else 0
        end as discount_rate
    from paired
),

priced as (
    select
        *,
        list_transform(
            chosen_products,
            lambda product, place: {
                'product': product,
                'quantity': (
                    direction * case
                        when uniform(basket_key * 8 + place, 'quantity') < 0.66 then 1
                        when uniform(basket_key * 8 + place, 'quantity') < 0.88 then 2
                        when uniform(basket_key * 8 + place, 'quantity') < 0.95 then 3
                        when uniform(basket_key * 8 + place, 'quantity') < 0.98 then 4
                        when prices_2024[product] < 10 then 12
                        else 6
                    end
                )::integer,
                'unit_price': round(
                    case
                        when month_number < 12 then prices_2024[product]
                        else prices_2025[product]
                    end
                    * price_factors[country_number],
                    2
                )::decimal(10, 2)
            }
        ) as priced_items
    from chosen
)

select
    * exclude (drawn_products, products, chosen_products, priced_items, size, direction),
    list_transform(
        priced_items,
        lambda item: {
            'product': item.product,
            'quantity': item.quantity,
            'unit_price': item.unit_price,
            'discount': round(item.quantity * item.unit_price * discount_rate, 2)::decimal(10, 2)
        }
    ) as items
from priced;
