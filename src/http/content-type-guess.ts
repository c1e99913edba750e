/**
 * Guesses the Content-Type of an object from the end of its name, for a PUT that names none. The built-in table is that of Python's
 * mimetypes module, which Swift asks; the machine's and the operator's `mime.types` files come on top of it.
 */

import { readFileSync } from 'node:fs';

/** Lines of `type extension ...`, the form of `mime.types` files. */
const BUILT_IN = `
application/javascript js mjs
application/json json
application/manifest+json webmanifest
application/msword doc dot wiz
application/n-quads nq
application/n-triples nt
application/octet-stream bin a dll exe o obj so
application/oda oda
application/pdf pdf
application/pkcs7-mime p7c
application/postscript ps ai eps
application/trig trig
application/vnd.apple.mpegurl m3u m3u8
application/vnd.ms-excel xls xlb
application/vnd.ms-powerpoint ppt pot ppa pps pwz
application/wasm wasm
application/x-bcpio bcpio
application/x-cpio cpio
application/x-csh csh
application/x-dvi dvi
application/x-gtar gtar
application/x-hdf hdf
application/x-hdf5 h5
application/x-latex latex
application/x-mif mif
application/x-netcdf cdf nc
application/x-pkcs12 p12 pfx
application/x-pn-realaudio ram
application/x-python-code pyc pyo
application/x-sh sh
application/x-shar shar
application/x-shockwave-flash swf
application/x-sv4cpio sv4cpio
application/x-sv4crc sv4crc
application/x-tar tar
application/x-tcl tcl
application/x-tex tex
application/x-texinfo texi texinfo
application/x-troff roff t tr
application/x-troff-man man
application/x-troff-me me
application/x-troff-ms ms
application/x-ustar ustar
application/x-wais-source src
application/xml xsl rdf wsdl xpdl
application/zip zip
audio/3gpp 3gp 3gpp
audio/3gpp2 3g2 3gpp2
audio/aac aac adts loas ass
audio/basic au snd
audio/mpeg mp3 mp2
audio/opus opus
audio/x-aiff aif aifc aiff
audio/x-pn-realaudio ra
audio/x-wav wav
image/avif avif
image/bmp bmp
image/gif gif
image/heic heic
image/heif heif
image/ief ief
image/jpeg jpg jpe jpeg
image/png png
image/svg+xml svg
image/tiff tiff tif
image/vnd.microsoft.icon ico
image/x-cmu-raster ras
image/x-portable-anymap pnm
image/x-portable-bitmap pbm
image/x-portable-graymap pgm
image/x-portable-pixmap ppm
image/x-rgb rgb
image/x-xbitmap xbm
image/x-xpixmap xpm
image/x-xwindowdump xwd
message/rfc822 eml mht mhtml nws
text/css css
text/csv csv
text/html html htm
text/n3 n3
text/plain txt bat c h ksh pl srt
text/richtext rtx
text/tab-separated-values tsv
text/vtt vtt
text/x-python py
text/x-setext etx
text/x-sgml sgm sgml
text/x-vcard vcf
text/xml xml
video/mp4 mp4
video/mpeg mpeg m1v mpa mpe mpg
video/quicktime mov qt
video/webm webm
video/x-msvideo avi
video/x-sgi-movie movie
`;

/** Ends of names that stand for two. */
const DOUBLE_ENDS: Readonly<Record<string, string>> = {
  '.svgz': '.svg.gz',
  '.tgz': '.tar.gz',
  '.taz': '.tar.gz',
  '.tz': '.tar.gz',
  '.tbz2': '.tar.bz2',
  '.txz': '.tar.xz',
};

/** Ends that say how a file is packed; what counts is the end before. Upper and lower case differ. */
const PACKINGS = new Set(['.gz', '.Z', '.bz2', '.xz', '.br']);

const SYSTEM_FILES = [
  '/etc/mime.types',
  '/etc/httpd/mime.types',
  '/etc/httpd/conf/mime.types',
  '/etc/apache/mime.types',
  '/etc/apache2/mime.types',
  '/usr/local/etc/httpd/conf/mime.types',
  '/usr/local/etc/mime.types',
];

export class ContentTypeGuesser {
  readonly #types = new Map<string, string>();

  /** `tables`: texts in the form of `mime.types`; later ones win. */
  constructor(tables: readonly string[] = []) {
    for (const table of [BUILT_IN, ...tables]) this.#add(table);
  }

  /** With the system's files and `<swiftDir>/mime.types`, those that exist. */
  static fromSystem(swiftDir: string): ContentTypeGuesser {
    const tables: string[] = [];
    for (const path of [...SYSTEM_FILES, `${swiftDir}/mime.types`]) {
      try {
        tables.push(readFileSync(path, 'utf8'));
      } catch {
        // Most of them are not there.
      }
    }
    return new ContentTypeGuesser(tables);
  }

  /** The type of a path, or undefined when its end says nothing. */
  guess(path: string): string | undefined {
    let [base, end] = splitEnd(path);
    for (let both = DOUBLE_ENDS[end.toLowerCase()]; both !== undefined; both = DOUBLE_ENDS[end.toLowerCase()]) {
      [base, end] = splitEnd(base + both);
    }
    if (PACKINGS.has(end)) end = splitEnd(base)[1];
    return this.#types.get(end.toLowerCase());
  }

  #add(table: string): void {
    for (const line of table.split('\n')) {
      const [type, ...extensions] = (line.split('#', 1)[0] as string).split(/\s+/).filter((word) => word !== '');
      if (type === undefined) continue;
      for (const extension of extensions) this.#types.set(`.${extension}`, type);
    }
  }
}

/** Splits off the last `.end` of the last segment; dots that a segment begins with belong to its name. */
function splitEnd(path: string): [base: string, end: string] {
  const nameStart = path.lastIndexOf('/') + 1;
  const dot = path.lastIndexOf('.');
  if (dot < nameStart || /^\.*$/.test(path.slice(nameStart, dot))) return [path, ''];
  return [path.slice(0, dot), path.slice(dot)];
}
