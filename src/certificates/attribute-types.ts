/** The attribute types that names are made of, by their short names (RFC 4514 §3, RFC 4519, RFC 5280 Appendix A). */
const oids = {
  CN: '2.5.4.3',
  SN: '2.5.4.4',
  serialNumber: '2.5.4.5',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  STREET: '2.5.4.9',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  title: '2.5.4.12',
  description: '2.5.4.13',
  businessCategory: '2.5.4.15',
  postalCode: '2.5.4.17',
  name: '2.5.4.41',
  GN: '2.5.4.42',
  initials: '2.5.4.43',
  generationQualifier: '2.5.4.44',
  dnQualifier: '2.5.4.46',
  pseudonym: '2.5.4.65',
  organizationIdentifier: '2.5.4.97',
  UID: '0.9.2342.19200300.100.1.1',
  DC: '0.9.2342.19200300.100.1.25',
  emailAddress: '1.2.840.113549.1.9.1',
  unstructuredName: '1.2.840.113549.1.9.2',
} as const

/** What else people write for them: RFC 4519's long names, and what openssl, Java and Windows print. */
const aliases = {
  commonName: 'CN',
  surname: 'SN',
  countryName: 'C',
  localityName: 'L',
  stateOrProvinceName: 'ST',
  S: 'ST',
  streetAddress: 'STREET',
  organizationName: 'O',
  organizationalUnitName: 'OU',
  givenName: 'GN',
  userId: 'UID',
  domainComponent: 'DC',
  E: 'emailAddress',
  email: 'emailAddress',
} as const satisfies Record<string, keyof typeof oids>

const byName = new Map<string, string>([
  ...Object.entries(oids).map(([name, oid]) => [name.toLowerCase(), oid] as const),
  ...Object.entries(aliases).map(([alias, name]) => [alias.toLowerCase(), oids[name]] as const),
])
const byOid = new Map<string, string>(Object.entries(oids).map(([name, oid]) => [oid, name]))

/** The dotted OID that a short name, in any case, stands for; undefined for one that is not known here. */
export const oidOfType = (name: string): string | undefined => byName.get(name.toLowerCase())

/** The short name of an attribute type; the OID itself where it has none here. */
export const nameOfType = (oid: string): string => byOid.get(oid) ?? oid
