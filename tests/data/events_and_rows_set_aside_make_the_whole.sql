-- Law: every event of staging is in fct_events or set aside for a reason, and none is in both. A
-- row is a source that lost events on the way or made some up.
with conformed as (
    select
        source_name,
        count(*) as staging_events,
        count(*) filter (where set_aside_reason is not null) as set_aside_events
    from {{ ref('int_events_conformed') }}
    group by source_name
),

counted as (
    select
        source_name,
        count(*) as events
    from {{ ref('fct_events') }}
    group by source_name
)

select
    coalesce(conformed.source_name, counted.source_name) as source_name,
    coalesce(conformed.staging_events, 0) as staging_events,
    coalesce(conformed.set_aside_events, 0) as set_aside_events,
    coalesce(counted.events, 0) as events
from conformed
full outer join counted
    on conformed.source_name = counted.source_name
where
    coalesce(conformed.staging_events, 0)
    != coalesce(conformed.set_aside_events, 0) + coalesce(counted.events, 0)
