"""The pages live on the current release, in Streamlit: `till dashboard`."""
