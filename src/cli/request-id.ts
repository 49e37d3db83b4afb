const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i

/**
 * Finds the request id in text that a person copied: from a header with its name, from a message with quotation marks, or in
 * capitals. Text without an id is returned as it is.
 */
export const requestIdIn = (text: string): string => UUID.exec(text)?.[0].toLowerCase() ?? text.trim()
