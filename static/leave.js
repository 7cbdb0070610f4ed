/* The page that leaves for the gateway presses its own button, once, and only when it was opened by going forward:
   coming back to it must not throw the shopper out again. */
(function () {
  'use strict';
  var form = document.querySelector('form[data-leave]');
  var visit = performance.getEntriesByType && performance.getEntriesByType('navigation')[0];
  if (!form || (visit && visit.type !== 'navigate')) return;
  var button = form.querySelector('button');
  if (button) button.click();
  else form.submit();
})();
