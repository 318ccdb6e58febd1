// The bar at the top: where there are more entries than room, the one of this page is in sight.

const startNavigation = () => {
  if (location.search) keepFilters(); // also on a page that has none of its own: the next one may
  const here = document.querySelector(".top nav [aria-current]");
  if (!here) return;
  const bar = here.parentNode;
  bar.scrollLeft += here.getBoundingClientRect().left - bar.getBoundingClientRect().left - (bar.clientWidth - here.offsetWidth) / 2;
};
