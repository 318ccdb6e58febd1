-- How busy each day of the story is, in the shop and in the webshop, and what sells in each month.

create table days as
with calendar as (
    select
        day_number,
        (getvariable('first_day')::date + day_number::integer)::date as day
    from (
        select unnest(range(getvariable('last_day')::date - getvariable('first_day')::date + 1))
            as day_number
    )
),

moods as (
    select
        *,
        (year(day) - 2024) * 12 + month(day) - 1 as month_number,
        day between getvariable('promotion_from')::date and getvariable('promotion_until')::date
            as is_promotion,
        exp(0.12 * day_number / 365) as growth,
        [0.86, 0.84, 0.93, 1.00, 1.06, 1.00, 0.93, 0.82, 0.97, 1.05, 1.22, 1.60][month(day)]
            * case when strftime(day, '%m-%d') > '12-23' then 0.55 else 1 end as season,
        0.9 + 0.2 * uniform(day_number, 'weather') as weather,
        strftime(day, '%m-%d') in ('01-01', '01-06', '12-25') as is_holiday
    from calendar
),

weighted as (
    select
        channel,
        day_number,
        day,
        month_number,
        is_promotion,
        -- whole numbers, whose sums do not depend on the order of adding or on the machine
        round(
            1000000 * growth * season * weather * case when is_promotion then 2.4 else 1 end
            * case
                when channel = 'web' then [1.06, 1.00, 0.97, 0.96, 0.93, 0.98, 1.18][isodow(day)]
                when is_holiday then 0
                else [0.80, 0.85, 0.90, 1.00, 1.25, 1.75, 0.00][isodow(day)]
            end
        )::bigint as weight
    from moods
    cross join (values ('shop'), ('web')) as channels (channel)
)

select
    channel,
    day_number,
    day,
    month_number,
    is_promotion,
    weight,
    (sum(weight) over until_day - weight) / sum(weight) over (partition by channel) as starts_at,
    sum(weight) over until_day / sum(weight) over (partition by channel) as ends_at
from weighted
window until_day as (partition by channel order by day_number rows unbounded preceding)
order by channel, day_number;

-- A draw in [0, 1) becomes a day by one equality join: of 65,536 equal slots, busy days own more.
create table day_slots as
select
    days.channel,
    slots.slot,
    days.day_number,
    days.day
from (select unnest(range(65536)) as slot) as slots
inner join days
    on
        (slots.slot + 0.5) / 65536 >= days.starts_at
        and (slots.slot + 0.5) / 65536 < days.ends_at;

create macro day_slot(progress) as least(floor(progress * 65536)::bigint, 65535);

-- The catalogue with what each product is worth in each of the 24 months.
create table products as
select
    row_number() over (order by product_id) as product_number,
    *,
    round(unit_price * 1.04, 1)::decimal(10, 2) as unit_price_2025
from read_csv(
    getvariable('story') || '/catalogue.csv',
    columns = {
        'product_id': 'varchar', 'product_name': 'varchar', 'category': 'varchar',
        'unit_price': 'decimal(10,2)', 'unit_cost': 'decimal(10,2)', 'popularity': 'double',
        'season': 'varchar', 'sold_from': 'date', 'sold_until': 'date', 'goes_with': 'varchar'
    },
    header = true
);

create table countries as
select
    row_number() over () as country_number,
    *
from read_csv(
    getvariable('story') || '/countries.csv',
    columns = {
        'country_code': 'varchar', 'currency': 'varchar', 'share_of_web': 'double',
        'share_of_shop': 'double', 'spellings': 'varchar'
    },
    header = true
);

create table people as
select
    countries.country_number,
    string_split(names.first_names, '|') as first_names,
    string_split(names.last_names, '|') as last_names
from read_csv(
    getvariable('story') || '/people.csv',
    columns = {'country_code': 'varchar', 'first_names': 'varchar', 'last_names': 'varchar'},
    header = true
) as names
inner join countries using (country_code);

-- 2,048 slots for each of the 24 months; a product owns as many as it is sold in that month.
create temporary table product_slots as
with seasons as (
    unpivot read_csv(getvariable('story') || '/seasons.csv', header = true)
    on columns(* exclude season) into name month_name value factor
),

months as (
    select
        month_number,
        make_date(2024 + month_number // 12, 1 + month_number % 12, 1) as month_start
    from (select unnest(range(24)) as month_number)
),

weights as (
    select
        months.month_number,
        products.product_number,
        case
            when products.sold_from > months.month_start then 0
            when products.sold_until < months.month_start then 0
            else round(1000 * products.popularity * seasons.factor)
        end::bigint as weight
    from months
    cross join products
    inner join seasons
        on
            seasons.season = products.season
            and seasons.month_name = lower(strftime(months.month_start, '%b'))
),

edges as (
    select
        *,
        -- shuffled, so that what shares a basket is not what stands side by side in the list
        sum(weight) over (
            partition by month_number
            order by hash(product_number::bigint)
            rows unbounded preceding
        ) as weight_so_far,
        sum(weight) over (partition by month_number) as weight_of_month
    from weights
)

select
    edges.month_number,
    slots.slot,
    edges.product_number
from (select unnest(range(2048)) as slot) as slots
inner join edges
    on
        (slots.slot + 0.5) / 2048 >= (edges.weight_so_far - edges.weight) / edges.weight_of_month
        and (slots.slot + 0.5) / 2048 < edges.weight_so_far / edges.weight_of_month;

-- Small tables as lists in one row: looking up by position keeps the row order of a streaming scan,
-- which a join does not promise.
create table lookups as
with by_product as (
    select
        list(product_id order by product_number) as product_ids,
        list(product_name order by product_number) as product_names,
        list(category order by product_number) as categories,
        list(unit_price order by product_number) as prices_2024,
        list(unit_price_2025 order by product_number) as prices_2025
    from products
),

by_partner as (
    select
        list(coalesce(partners.product_number, 0)::smallint order by products.product_number)
            as partners
    from products
    left join products as partners on products.goes_with = partners.product_id
),

by_country as (
    select
        list(country_code order by country_number) as country_codes,
        list(currency order by country_number) as currencies,
        -- what one euro of the price list costs abroad
        list(
            case currency when 'GBP' then 0.87 when 'USD' then 1.12 when 'SEK' then 11.4 else 1 end
            order by country_number
        ) as price_factors,
        flatten(
            list(
                list_resize([]::bigint[], round(100 * share_of_web)::integer, country_number)
                order by country_number
            )
        ) as web_countries,
        flatten(
            list(
                list_resize([]::bigint[], round(100 * share_of_shop)::integer, country_number)
                order by country_number
            )
        ) as shop_countries
    from countries
),

by_day as (
    select
        list(is_promotion order by day_number) as promotions,
        list(month_number order by day_number) as months
    from days
    where channel = 'web'
),

by_slot as (
    select list(product_number::smallint order by month_number, slot) as product_slots
    from product_slots
)

select *
from by_product
cross join by_partner
cross join by_country
cross join by_day
cross join by_slot;
