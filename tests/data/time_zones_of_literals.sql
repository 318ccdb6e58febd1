-- The macros local_to_utc and utc_to_local with moments looked up by hand: both sides of each clock
-- change in Madrid in 2024, and a zone without any. A row is an answer that differs.
with madrid (local_time, utc_time) as (
    values
    (timestamp '2024-01-05 15:07:00', timestamp '2024-01-05 14:07:00'),
    (timestamp '2024-07-05 15:07:00', timestamp '2024-07-05 13:07:00'),
    -- The last second of winter time and the first of summer time; 02:00 to 03:00 does not exist.
    (timestamp '2024-03-31 01:59:59', timestamp '2024-03-31 00:59:59'),
    (timestamp '2024-03-31 03:00:00', timestamp '2024-03-31 01:00:00'),
    -- The last second before the hour that comes twice, and the first after it.
    (timestamp '2024-10-27 01:59:59', timestamp '2024-10-26 23:59:59'),
    (timestamp '2024-10-27 03:00:00', timestamp '2024-10-27 02:00:00'),
    (cast(null as timestamp), cast(null as timestamp))
),

-- One way only: an hour that is skipped counts as an hour later, one that comes twice is taken as
-- the second.
madrid_ambiguous (local_time, utc_time) as (
    values
    (timestamp '2024-03-31 02:30:00', timestamp '2024-03-31 01:30:00'),
    (timestamp '2024-10-27 02:30:00', timestamp '2024-10-27 01:30:00')
),

answers as (
    select
        'local_to_utc' as macro_name,
        local_time as argument,
        utc_time as expected,
        {{ local_to_utc('local_time', 'Europe/Madrid') }} as answer
    from (
        select * from madrid
        union all
        select * from madrid_ambiguous
    ) as local_times
    union all
    select
        'utc_to_local' as macro_name,
        utc_time as argument,
        local_time as expected,
        {{ utc_to_local('utc_time', 'Europe/Madrid') }} as answer
    from madrid
    union all
    select
        'utc_to_local, the first of the two hours' as macro_name,
        timestamp '2024-10-27 00:30:00' as argument,
        timestamp '2024-10-27 02:30:00' as expected,
        {{ utc_to_local("timestamp '2024-10-27 00:30:00'", 'Europe/Madrid') }} as answer
    union all
    select
        'local_to_utc, no clock change' as macro_name,
        timestamp '2024-07-05 15:07:00' as argument,
        timestamp '2024-07-05 09:37:00' as expected,
        {{ local_to_utc("timestamp '2024-07-05 15:07:00'", 'Asia/Kolkata') }} as answer
    union all
    -- Clocks go forward at midnight there: 00:30 does not exist, and must not become yesterday.
    select
        'local_to_utc, a midnight that is skipped' as macro_name,
        timestamp '2024-04-26 00:30:00' as argument,
        timestamp '2024-04-25 22:30:00' as expected,
        {{ local_to_utc("timestamp '2024-04-26 00:30:00'", 'Africa/Cairo') }} as answer
    union all
    select
        'utc_to_local, after a midnight that is skipped' as macro_name,
        timestamp '2024-04-25 22:30:00' as argument,
        timestamp '2024-04-26 01:30:00' as expected,
        {{ utc_to_local("timestamp '2024-04-25 22:30:00'", 'Africa/Cairo') }} as answer
)

select *
from answers
where answer is distinct from expected
