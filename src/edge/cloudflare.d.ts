/** What of Cloudflare's own module is used here. */
declare module 'cloudflare:workers' {
  export abstract class DurableObject {
    constructor(state: unknown, bindings: unknown)
  }
}
