const startFilters = () => {};
const addDataset = () => {};
const declareFilters = () => {};
