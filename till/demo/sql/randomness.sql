-- Pseudo-randomness that depends on nothing but the seed, a number and a purpose: the same row gets
-- the same draw in every run, whatever the threads and the order in which rows are made.

-- A number in [0, 1): the upper 53 bits of a hash, which a double holds exactly. Hashed twice, because
-- the hash of several values only XORs the last one in: draws for two purposes would move together.
create macro uniform(id, purpose) as
    (hash(hash(getvariable('seed')::bigint, id::bigint, purpose)) >> 11)::double / 9007199254740992;

-- An integer in [least, most].
create macro integer_between(id, purpose, least_value, most_value) as
    least_value + floor(uniform(id, purpose) * (most_value - least_value + 1))::bigint;

-- One of the choices of a list, all as likely.
create macro pick(id, purpose, choices) as
    choices[1 + floor(uniform(id, purpose) * len(choices))::bigint];

-- Three ways to write one moment, as tills of different age do: 1 ISO, 2 day first, 3 month name.
create macro till_format(id) as
    case when uniform(id, 'format') < 0.7 then 1 when uniform(id, 'format') < 0.9 then 2 else 3 end;

create macro written_moment(moment, format_number) as
    case format_number
        when 1 then strftime(moment, '%Y-%m-%d %H:%M:%S')
        when 2 then strftime(moment, '%d/%m/%Y %H:%M')
        else strftime(moment, '%b %-d %Y %-I:%M%p')
    end;

-- Local time of the shop in Madrid as UTC.
create macro madrid_to_utc(moment) as
    timezone('UTC', timezone('Europe/Madrid', moment));

-- Addresses in a domain that is reserved for examples.
create macro email_address(first_name, last_name, number) as
    regexp_replace(lower(strip_accents(first_name || '.' || last_name)), '[^a-z.]', '', 'g')
    || number || '@example.com';
