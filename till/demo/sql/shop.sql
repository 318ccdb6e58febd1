-- The till's exports: clients and receipt lines, with the dirt that such exports have.

create table receipts as
select
    basket_key,
    shopper_number,
    is_known,
    -- the till knows one currency and one price list
    1::smallint as country_number,
    day_number,
    sold_at,
    kind
from orders_unsorted
where channel = 'shop'
order by sold_at, kind desc, basket_key;

create view receipts_numbered as
select
    rowid + 1 as receipt_number,
    *
from receipts;

-- Lines that are no product, on 3.6 % of the receipts.
create macro extra_line(sku, product, category, quantity, unit_price) as {
    'sku': sku,
    'product': product,
    'category': category,
    'quantity': quantity,
    'unit_price': unit_price::decimal(10, 2),
    'discount': 0::decimal(10, 2),
    'is_product': false
};

create macro extra_lines(draw) as
    case
        when draw < 0.020 then [extra_line('DELIVERY', 'Home delivery', 'Services', 1, 6.00)]
        when draw < 0.030
            then [extra_line('VOUCHER', 'Gift voucher redeemed', 'Adjustments', -1, 10.00)]
        when draw < 0.034 then [extra_line('FEE', 'Small order fee', 'Adjustments', 1, 0.50)]
        when draw < 0.036
            then [extra_line('CORRECTION', 'Till correction', 'Adjustments', -1, 2.40)]
        else []
    end;

-- At most one kind of dirt per line, and only on sold products, so that each kind can be counted.
create macro dirt_of_line(draw) as
    case
        when draw < 0.0010 then 'text_quantity'
        when draw < 0.0016 then 'impossible_date'
        when draw < 0.0024 then 'zero_quantity'
        when draw < 0.0030 then 'negative_price'
        when draw < 0.0038 then 'zero_price'
        when draw < 0.0068 then 'duplicate_row'
        when draw < 0.0108 then 'stray_spaces'
        else 'none'
    end;

-- One row per line of purchases.csv: what is written, and the truth about it.
create view purchase_lines as
with lines as (
    select
        receipt_number,
        basket_key,
        shopper_number,
        is_known,
        sold_at,
        kind,
        unnest(all_lines) as line,
        unnest(range(len(all_lines))) as place
    from (
        select
            *,
            list_concat(
                list_transform(
                    items,
                    lambda item: {
                        'sku': product_ids[item.product],
                        'product': product_names[item.product],
                        'category': categories[item.product],
                        'quantity': item.quantity,
                        'unit_price': item.unit_price,
                        'discount': item.discount,
                        'is_product': true
                    }
                ),
                case when kind = 'sale' then extra_lines(uniform(basket_key, 'extra')) else [] end
            ) as all_lines
        from baskets('receipts_numbered')
    )
),

dirtied as (
    select
        *,
        till_format(basket_key) as till_format,
        case
            when line.is_product and kind = 'sale'
                then dirt_of_line(uniform(basket_key * 8 + place, 'dirt'))
            else 'none'
        end as dirt
    from lines
)

select
    printf('R%07d', receipt_number) as receipt_no,
    case
        when dirt = 'impossible_date' then '31/02/' || year(sold_at) || strftime(sold_at, ' %H:%M')
        else written_moment(sold_at, till_format)
    end as purchase_date,
    case when is_known then printf('C%05d', shopper_number) end as client_id,
    case
        when dirt = 'stray_spaces' and place % 2 = 0 then line.sku || ' '
        else line.sku
    end as sku,
    case
        when dirt = 'stray_spaces' and place % 2 = 1 then '  ' || line.product
        else line.product
    end as product,
    line.category as category,
    case dirt
        when 'text_quantity' then 'two'
        when 'zero_quantity' then '0'
        else line.quantity::varchar
    end as quantity,
    case dirt
        when 'negative_price' then -line.unit_price
        when 'zero_price' then 0
        else line.unit_price
    end::decimal(10, 2) as unit_price,
    line.discount as discount,
    'EUR' as currency,
    receipt_number,
    kind,
    is_known,
    line.is_product as is_product,
    dirt,
    if(dirt = 'impossible_date', dirt, till_format) as written_as,
    copy
from (
    select
        *,
        unnest(range(if(dirt = 'duplicate_row', 2, 1))) as copy
    from dirtied
);

-- One row per line of clients.csv, likewise.
create view client_lines as
with named as (
    select
        shoppers.shopper_number,
        shoppers.shopper_key,
        shoppers.signed_up_on,
        pick(shoppers.shopper_key, 'first name', people.first_names) as first_name,
        pick(shoppers.shopper_key, 'last name', people.last_names) as last_name,
        uniform(shoppers.shopper_key, 'no email') < 0.04 as is_missing_email,
        uniform(shoppers.shopper_key, 'no country') < 0.02 as is_missing_country,
        pick(shoppers.shopper_key, 'spelling', string_split(countries.spellings, '|')) as spelling,
        uniform(shoppers.shopper_key, 'spaces') < 0.02 as has_stray_spaces,
        uniform(shoppers.shopper_key, 'twice') < 0.02 as is_twice
    from shoppers
    inner join people using (country_number)
    inner join countries using (country_number)
    where shoppers.channel = 'shop' and shoppers.is_known
)

select
    shopper_number,
    printf('C%05d', shopper_number) as client_id,
    first_name || ' ' || last_name || if(has_spaces_in_name, '  ', '') as name,
    case
        when not is_missing_email then email_address(first_name, last_name, shopper_number)
    end as email,
    case
        when not is_missing_country
            then spelling || if(has_stray_spaces and not has_spaces_in_name, ' ', '')
    end as country,
    written_moment(
        signed_up_on + to_minutes(integer_between(shopper_key, 'signed up at', 480, 565)),
        till_format(shopper_key)
    ) as signup_date,
    is_missing_email,
    is_missing_country,
    has_stray_spaces,
    till_format(shopper_key) as written_as,
    copy
from (
    select
        *,
        has_stray_spaces and (is_missing_country or shopper_number % 2 = 0) as has_spaces_in_name,
        unnest(range(if(is_twice, 2, 1))) as copy
    from named
);
