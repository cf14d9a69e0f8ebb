import { InvalidArgumentError } from 'commander';

/** Parser for commander: an `http:` or `https:` URL, without slashes at the end. */
export function httpUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new InvalidArgumentError('It must be a URL such as http://127.0.0.1:4318.');
  }
  return text.replace(/\/+$/, '');
}
