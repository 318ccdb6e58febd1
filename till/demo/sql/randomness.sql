-- Pseudo-randomness that depends on nothing but the seed, a number and a purpose: the same row gets
-- the same draw in every run, whatever the threads and the order in which rows are made.

-- A number in [0, 1): the upper 53 bits of a hash, which a double holds exactly. Hashed twice: the
-- hash of several values only XORs the last one in, so draws for two purposes would move together.
create macro uniform(id, purpose) as
    (hash(hash(getvariable('seed')::bigint, id::bigint, purpose)) >> 11)::double / 9007199254740992;

-- An integer in [least, most].
create macro integer_between(id, purpose, least_value, most_value) as
    least_value + floor(uniform(id, purpose) * (most_value - least_value + 1))::bigint;

-- One of the choices of a list, all as likely.
create macro pick(id, purpose, choices) as
    choices[1 + floor(uniform(id, purpose) * len(choices))::bigint];

-- Three ways to write one moment, as tills of different age do.
create macro till_format(id) as
    case
        when uniform(id, 'format') < 0.7 then 'iso'
        when uniform(id, 'format') < 0.9 then 'day_first'
        else 'month_name'
    end;

create macro written_moment(moment, written_as) as
    case written_as
        when 'iso' then strftime(moment, '%Y-%m-%d %H:%M:%S')
        when 'day_first' then strftime(moment, '%d/%m/%Y %H:%M')
        else strftime(moment, '%b %-d %Y %-I:%M%p')
    end;

-- Local time of the shop in Madrid as UTC.
create macro madrid_to_utc(moment) as
    timezone('UTC', timezone('Europe/Madrid', moment));

-- Addresses in a domain that is reserved for examples.
create macro email_address(first_name, last_name, number) as
    regexp_replace(lower(strip_accents(first_name || '.' || last_name)), '[^a-z.]', '', 'g')
    || number || '@example.com';
