/** System error codes (errno(3)) for files, in words that may follow "can't be read:" or "can't be written:". */
const fileFaults: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EISDIR: 'it is a folder, not a file',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EACCES: 'this user has no right to it',
  EPERM: 'this user has no right to it',
  EROFS: 'its file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: "this user's share of the disk is full",
  EFBIG: 'the file would be too large',
  EEXIST: 'it is there already',
  ENOTEMPTY: 'the folder is not empty',
  EXDEV: 'it would have to move to another file system',
  ELOOP: 'its symbolic links lead round in a circle',
  ENAMETOOLONG: 'the path is too long',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  ENXIO: 'it is not a file that can be opened',
  EBUSY: 'something else is using it',
  ETXTBSY: 'something else is using it',
  EIO: 'the disk fails',
  ERR_INVALID_ARG_VALUE: 'the path has a character that no path may have',
}

/** Error codes for connections, names and addresses, in words that may follow "can't be reached:". */
const networkFaults: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the other side broke the connection off',
  EPIPE: 'the other side broke the connection off',
  ECONNABORTED: 'the connection was broken off',
  ENOTFOUND: 'no host of that name is known',
  ENODATA: 'no host of that name is known',
  EAI_NONAME: 'no host of that name is known',
  EAI_AGAIN: 'the name could not be looked up: no DNS server answers',
  ESERVFAIL: 'the name could not be looked up: the DNS server fails',
  ETIMEDOUT: 'no answer came in time',
  ESOCKETTIMEDOUT: 'no answer came in time',
  UND_ERR_CONNECT_TIMEOUT: 'no answer came in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer came in time',
  UND_ERR_BODY_TIMEOUT: 'no answer came in time',
  UND_ERR_SOCKET: 'the other side broke the connection off',
  EHOSTUNREACH: 'no route leads to that host',
  ENETUNREACH: 'no route leads to that network',
  EHOSTDOWN: 'that host is down',
  ENETDOWN: 'the network is down',
  EADDRINUSE: 'something else listens there',
  EADDRNOTAVAIL: 'this machine has no such address',
  EAFNOSUPPORT: 'this machine has no such kind of address',
  EINVAL: 'the address can not be used',
  EACCES: 'this user has no right to it',
  EPERM: 'a firewall, or a missing right, forbids it',
  ENOENT: 'there is no such socket',
  ENOTSOCK: 'there is no such socket',
  EMFILE: 'too many connections are open',
  ENFILE: 'too many connections are open',
  EPROTO: 'the other side does not speak TLS',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the other side does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the other side does not speak TLS',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'the two sides have no TLS version in common',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'the two sides have no TLS version in common',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'the two sides could not agree on TLS parameters',
  ERR_SSL_SSL_TLS_ALERT_HANDSHAKE_FAILURE: 'the two sides could not agree on TLS parameters',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it asks for a client certificate',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'it does not know the authority of the client certificate',
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: 'the client certificate does not fit its key',
  ERR_OSSL_BAD_DECRYPT: 'the key of the client certificate is encrypted: remove its passphrase with `openssl pkey`',
  ERR_OSSL_PEM_NO_START_LINE: 'a file of the client certificate is not PEM',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'no answer came in time',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  CERT_REVOKED: 'its certificate was revoked',
  CERT_UNTRUSTED: 'its certificate is not trusted',
  CERT_REJECTED: 'its certificate is not trusted',
  CERT_SIGNATURE_FAILURE: 'the signature of its certificate is wrong',
  CERT_CHAIN_TOO_LONG: 'the chain of its certificate is too long',
  INVALID_CA: 'an authority in its chain may not issue certificates',
  INVALID_PURPOSE: 'its certificate is not for servers',
  PATH_LENGTH_EXCEEDED: 'the chain of its certificate is too long',
  HOSTNAME_MISMATCH: 'its certificate is for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed and not trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from an authority that is not trusted',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate comes from an authority that is not trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate comes from an authority that is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate comes from an authority that is not trusted',
  HPE_INVALID_CONSTANT: 'the other side does not speak HTTP',
  HPE_INVALID_VERSION: 'the other side does not speak HTTP',
  HPE_HEADER_OVERFLOW: 'its headers are too long',
}

/** Error codes for a certificate whose authority is not trusted. */
const UNTRUSTED = /^(?:DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(?:GET_ISSUER|VERIFY)|CERT_UNTRUSTED)/

/** The code of an error of the system, of Node or of OpenSSL; undefined if it has none. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if ('code' in error && typeof error.code === 'string') return error.code
  // A host with several addresses has an error for each.
  return error instanceof AggregateError ? codeOf(error.errors[0]) : undefined
}

/** Whether an error comes from a system call. */
export const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error

/** Says in our words why a file can't be read or written. */
export const fileFault = (error: unknown): string => fileFaults[codeOf(error) ?? ''] ?? 'the system refuses it'

/** Says in our words why a host can't be reached or an address can't be used; undefined for any other error. */
export function networkFault(error: unknown): string | undefined {
  const code = codeOf(error)
  if (code === undefined) return undefined
  const known = networkFaults[code]
  if (known !== undefined) return known
  return /^(?:ERR_SSL|ERR_TLS|ERR_OSSL)/.test(code) ? 'no TLS connection could be made' : undefined
}

/** Whether a connection failed because the authority of the other side's certificate is not trusted. */
export const isUntrusted = (error: unknown): boolean => UNTRUSTED.test(codeOf(error) ?? '')
