{{ config(materialized='table') }}
select cast(null as varchar) as customer_key, cast(null as varchar) as source_name, cast(null as varchar) as customer_id, cast(null as varchar) as customer_name, cast(null as varchar) as email, cast(null as varchar) as country_code, cast(null as varchar) as country_name, cast(null as timestamp) as signed_up_at, cast(null as date) as signed_up_date where false
