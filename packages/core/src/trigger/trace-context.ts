/** What a `traceparent` must look like (W3C Trace Context §3.2). Anybody can send one; what is none would only be carried along. */
export const traceContext = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/;
