/** OpenAPI plumbing that the providers share: credentials, transport, error table, a channel's output. Users need the credentials only. */
@NullMarked
package dev.ephemeralbuilder.alibaba;

import org.jspecify.annotations.NullMarked;
