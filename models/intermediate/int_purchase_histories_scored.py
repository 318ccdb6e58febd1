"""Each distinct purchase history with what BG/NBD expects of it.

Far fewer than customers, to whom customer_lifetime_value gives them by three whole numbers.
"""

from analytics.lifetime_value import tables


def model(dbt, session):
    """Score the distinct histories; without a fitted model the scores are null."""
    dbt.config(materialized="table")
    histories = dbt.ref("int_customers_measured").query(
        "customers",
        """
        select distinct repeat_purchases, recency_days, age_days
        from customers
        where repeat_purchases is not null
        order by repeat_purchases, recency_days, age_days
        """,
    )
    models = dbt.ref("clv_model_parameters")
    return tables.scored_histories(histories.to_arrow_table(), models.to_arrow_table())
