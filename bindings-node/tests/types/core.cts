// The same from CommonJS.

import doorward = require('doorward');

const verifier: doorward.Verifier = new doorward.Verifier({ secret: 'a secret of at least 32 bytes, kept well' });
const claims: doorward.Claims = verifier.verify('token');
try {
  verifier.verify('token');
} catch (error) {
  if (error instanceof doorward.ExpiredToken) console.log(error.code.length, claims.exp);
}
