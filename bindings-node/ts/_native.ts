/** The native module, by its generated types. */

import native = require('../native/index.js');

export { native };
