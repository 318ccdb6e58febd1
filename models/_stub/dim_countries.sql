{{ config(materialized='table') }}
select cast(null as varchar) as country_code, cast(null as varchar) as country_name, cast(null as varchar) as alpha_3_code, cast(null as varchar) as continent where false
