/** Time that a browser may take to begin with a file. */
const KEPT_MS = 60_000

/** Hands a file to the browser. It never leaves the machine. */
export function download(name: string, parts: BlobPart[], type = 'text/plain'): void {
  const url = URL.createObjectURL(new Blob(parts, { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS)
}
