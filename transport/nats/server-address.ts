import { TransportError } from '../errors.ts'

/** A server URL taken apart, so that credentials never reach a message or a log. */
export interface ServerAddress {
  /** For the client: host and port of each server. */
  readonly servers: string[]
  /** For people. */
  readonly shown: string
  readonly tls: boolean
  readonly user?: string
  readonly pass?: string
  readonly token?: string
}

/** `nats://[user:password@|token@]host[:port]`, `tls://…`; several with commas in between. */
export function parseServerAddress(url: string): ServerAddress {
  const parts = url.split(',').map((part) => parsePart(part.trim()))
  const servers = parts.map((part) => part.host)
  const first = parts.find((part) => part.username !== '')
  const tls = parts.some((part) => part.tls)
  const shown = servers.map((host) => `${tls ? 'tls' : 'nats'}://${host}`).join(',')
  if (!first) return { servers, shown, tls }
  const { username, password } = first
  return password === ''
    ? { servers, shown, tls, token: username }
    : { servers, shown, tls, user: username, pass: password }
}

function parsePart(text: string): { host: string; tls: boolean; username: string; password: string } {
  const withScheme = text.includes('://') ? text : `nats://${text}`
  const scheme = withScheme.slice(0, withScheme.indexOf('://'))
  // Schemes that URL does not know keep hosts unchecked; http's rules are the ones wanted.
  const asHttp = `http${withScheme.slice(scheme.length)}`
  const parsed = URL.canParse(asHttp) ? new URL(asHttp) : undefined
  const known = scheme === 'nats' || scheme === 'tls'
  if (!known || !parsed || parsed.hostname === '' || !['', '/'].includes(parsed.pathname)) {
    throw new TransportError(
      'NATS_OPTIONS',
      `a NATS server must look like nats://host:4222 or tls://host:4222, got one that does not (${withoutCredentials(text)})`,
    )
  }
  // http's own default port is dropped from `host`; NATS has another default.
  const port = /:(\d+)$/.exec(withScheme.replace(/\/$/, ''))?.[1] ?? '4222'
  return {
    host: `${parsed.hostname}:${port}`,
    tls: scheme === 'tls',
    username: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
  }
}

const withoutCredentials = (text: string): string => text.slice(text.lastIndexOf('@') + 1)
