"""BG/NBD and Gamma-Gamma, fitted to the customers' purchase histories.

In Python because SQL has no words for it, and a table because dbt enforces contracts on SQL only: the
mart is clv_model_parameters. As many numbers reach Python as there are distinct histories.
"""

from analytics.lifetime_value import tables


def model(dbt, session):
    """Fit both models; a fit that fails gives nulls and its reason, no error."""
    dbt.config(materialized="table")
    customers = dbt.ref("int_customers_measured")
    histories = customers.query(
        "customers",
        """
        select repeat_purchases, recency_days, age_days, count(*) as customers
        from customers
        where repeat_purchases is not null
        group by repeat_purchases, recency_days, age_days
        order by repeat_purchases, recency_days, age_days
        """,
    )
    spending = customers.query(
        "customers",
        """
        select repeat_purchases, repeat_revenue, count(*) as customers
        from customers
        where repeat_purchases > 0 and repeat_revenue > 0
        group by repeat_purchases, repeat_revenue
        order by repeat_purchases, repeat_revenue
        """,
    )
    return tables.fitted_models(histories.to_arrow_table(), spending.to_arrow_table())
