{{ config(materialized='table') }}
select cast(null as varchar) as product_key, cast(null as varchar) as source_name, cast(null as varchar) as product_id, cast(null as varchar) as product_name, cast(null as varchar) as category, cast(null as decimal(18,4)) as unit_cost, cast(null as varchar) as line_type where false
