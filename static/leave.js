/* The page that leaves for the gateway presses its own button, once, and only when it was opened by going forward:
   coming back to it must not throw the shopper out again. It waits for the end of loading, since before that the
   browser would put the gateway's page in the place of this one, and Back would lead past it. */
(function () {
  'use strict';
  var leaving = document.querySelector('[data-leave]');
  var visit = performance.getEntriesByType && performance.getEntriesByType('navigation')[0];
  if (!leaving || (visit && visit.type !== 'navigate')) return;
  function press() { (leaving.querySelector('button') || leaving).click(); }
  window.addEventListener('load', function () { setTimeout(press, 0); }, { once: true });
  /* A browser that kept this page as it was asks for it anew: what it shows then are the choices. */
  window.addEventListener('pageshow', function (event) { if (event.persisted) location.reload(); });
})();
