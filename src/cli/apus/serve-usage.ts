export const SERVE_USAGE = `Usage: apus serve [--port PORT] [--config FOLDER]
       apus serve CONFIG[#NAME] [--host HOST] [--port PORT] [--workers N] [KEY=VALUE ...]

Without CONFIG: a whole cluster in this process, from the configs in FOLDER (etc/swift of Apus).
With a server's config of Swift (its main section alone): that server, as its config says.
Any other Paste file: the app in section NAME (main), on the address of its [server:main] where it has one, else 127.0.0.1:8080;
--workers 0 (the default) serves in this process. KEY=VALUE adds a global setting to those
of [DEFAULT], which win. SIGTERM and SIGINT end it, SIGHUP ends it once the last request is answered,
SIGUSR1 replaces the workers.`;
