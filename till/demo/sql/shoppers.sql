-- Who buys, where, from when to when, and how often; then every order and return, in narrow rows.

create table channels as
select * from (values
    ('shop', 0, 600, 4300, 0.50, 0.025),
    ('web', 1, 900, 1200, 0.42, 0.045)
) as channels (channel, channel_number, customers, strangers, share_from_before, share_returned);

-- One row per shopper: known customers first, in the order of their signing up, then strangers
-- (walk-ins, guests) who buy once.
create table shoppers as
with numbered as (
    select
        channels.channel,
        channels.channel_number,
        channels.share_from_before,
        greatest(round(channels.customers * getvariable('scale')), 1)::bigint as customers,
        greatest(round(channels.strangers * getvariable('scale')), 1)::bigint as strangers
    from channels
),

listed as (
    select
        *,
        shopper_number * 2 + channel_number as shopper_key
    from (select *, unnest(range(1, customers + strangers + 1)) as shopper_number from numbered)
),

positioned as (
    select
        channel,
        share_from_before,
        shopper_number,
        shopper_key,
        shopper_number <= customers as is_known,
        case
            when shopper_number <= customers
                then (shopper_number - 1 + uniform(shopper_key, 'arrival')) / customers
            else uniform(shopper_key, 'arrival')
        end as arrival
    from listed
),

arrived as (
    select
        positioned.*,
        is_known and arrival < share_from_before as is_from_before,
        case
            when not is_known then arrival
            when arrival < share_from_before then 0
            else (arrival - share_from_before) / (1 - share_from_before)
        end as progress,
        uniform(shopper_key, 'segment') as segment_draw
    from positioned
),

dated as (
    select
        arrived.* exclude (share_from_before, arrival, progress),
        case
            when arrived.is_from_before
                then getvariable('first_day')::date - 1
                    - floor(550 * (1 - arrived.arrival / arrived.share_from_before))::integer
            else day_slots.day
        end as signed_up_on,
        case
            when arrived.is_from_before then 0
            else (days.starts_at + days.ends_at) / 2
        end as active_from
    from arrived
    inner join day_slots
        on arrived.channel = day_slots.channel and day_slot(arrived.progress) = day_slots.slot
    inner join days
        on day_slots.channel = days.channel and day_slots.day_number = days.day_number
),

segments as (
    select
        channel,
        segment,
        fewest_orders,
        orders_in_two_years,
        longest_stay_days,
        sum(share) over in_file - share as draw_from,
        sum(share) over in_file as draw_until
    from read_csv(getvariable('story') || '/segments.csv', header = true)
    window in_file as (partition by channel order by segment rows unbounded preceding)
),

staying as (
    select
        dated.*,
        segments.* exclude (channel),
        coalesce(last_days.ends_at, 1) as active_until
    from dated
    left join segments
        on
            dated.is_known
            and dated.channel = segments.channel
            and dated.segment_draw >= segments.draw_from - 1e-9
            and dated.segment_draw < segments.draw_until - 1e-9
    left join days as last_days
        on
            dated.channel = last_days.channel
            and last_days.day
            = greatest(dated.signed_up_on, getvariable('first_day')::date)
            + floor(
                segments.longest_stay_days * (0.3 + 0.7 * uniform(dated.shopper_key, 'stay'))
            )::integer
)

select
    channel,
    shopper_number,
    shopper_key,
    is_known,
    is_from_before,
    signed_up_on,
    active_from,
    active_until,
    case
        when not is_known or segment = 'one_time' then 1
        else least(
            120,
            fewest_orders
            + floor(
                uniform(shopper_key, 'orders')
                * (5 + 2 * orders_in_two_years * greatest(active_until - active_from, 0))
            )
        )
    end::integer as orders,
    -- Poland takes off in 2025; everybody else keeps the shares of the countries file.
    case
        when channel = 'web' and uniform(shopper_key, 'poland') < case
            when signed_up_on < date '2025-01-01' then 0.012
            else least(0.6, 0.12 + 0.06 * (month(signed_up_on) - 1))
        end then (select country_number from countries where country_code = 'PL')
        else pick(
            shopper_key,
            'country',
            case when channel = 'web' then lookups.web_countries else lookups.shop_countries end
        )
    end::smallint as country_number
from staying
cross join lookups;

-- One row per sale and per return; a return repeats the basket of the sale it takes back.
create view orders_unsorted as
with sales as (
    select
        shoppers.channel,
        shoppers.shopper_number,
        shoppers.shopper_key,
        shoppers.is_known,
        shoppers.country_number,
        shoppers.order_number,
        shoppers.shopper_key * 256 + shoppers.order_number as basket_key,
        day_slots.day_number,
        day_slots.day
    from (
        select
            *,
            unnest(range(orders)) as order_number
        from shoppers
    ) as shoppers
    inner join day_slots
        on
            shoppers.channel = day_slots.channel
            and day_slots.slot = day_slot(
                case
                    when shoppers.order_number = 0 and not shoppers.is_from_before
                        then shoppers.active_from
                    else shoppers.active_from
                        + (shoppers.active_until - shoppers.active_from)
                        * uniform(shoppers.shopper_key * 256 + shoppers.order_number, 'day')
                end
            )
),

timed as (
    select
        *,
        day + to_seconds(
            case
                -- the shop is open from 9:30 to 20:30; its till notes whole minutes
                when channel = 'shop' then 60 * floor(570 + 660 * uniform(basket_key, 'time'))
                else floor(3600 * (7.5 + 16.4 * pow(uniform(basket_key, 'time'), 0.75)))
            end::bigint
        ) as sold_at
    from sales
),

returned as (
    select
        timed.* exclude (sold_at),
        timed.sold_at + to_days(
            case
                when timed.channel = 'shop' then 7
                else integer_between(timed.basket_key, 'return day', 5, 20)
            end::integer
        ) as sold_at
    from timed
    inner join channels on timed.channel = channels.channel
    where uniform(timed.basket_key, 'return') < channels.share_returned
)

select
    *,
    'sale' as kind
from timed
union all
select
    returned.*,
    'return' as kind
from returned
inner join days
    on returned.channel = days.channel and returned.sold_at::date = days.day
where days.weight > 0;
