/** As far as bzip2-worker.ts uses it. */
declare module 'seek-bzip' {
  interface InputStream {
    readByte(): number;
    read(buffer: Uint8Array, offset: number, length: number): number;
    eof(): boolean;
  }
  interface OutputStream {
    writeByte(byte: number): void;
  }
  const Bunzip: {
    /** Reads and writes as it goes on. Throws TypeError for data that is damaged. */
    decode(input: InputStream, output: OutputStream, multistream: boolean): void;
  };
  export default Bunzip;
}
