/** Lower case of ASCII letters only: names of attributes have no others, and no alphabet may change their length. */
export function asciiLower(text: string): string {
  return /[A-Z]/.test(text) ? text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text;
}
