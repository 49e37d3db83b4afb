import { readFileSync } from 'node:fs'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { inject } from 'vitest'

// Every library under test verifies the certificate, with its own unmodified ways of connecting.
setDefaultCACertificates([...getCACertificates('default'), readFileSync(inject('tls').ca, 'utf8')])
