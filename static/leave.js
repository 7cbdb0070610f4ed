/* The page that leaves for the gateway presses its own button, once, and only when it was opened by going forward:
   coming back to it must not throw the shopper out again. */
(function () {
  'use strict';
  var leaving = document.querySelector('[data-leave]');
  var visit = performance.getEntriesByType && performance.getEntriesByType('navigation')[0];
  if (!leaving || (visit && visit.type !== 'navigate')) return;
  (leaving.querySelector('button') || leaving).click();
})();
