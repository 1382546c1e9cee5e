#!/usr/bin/env python3
"""server.py FOLDER PORT_FILE LOG [CERTIFICATE] - files of FOLDER over http, or with a certificate and its key (PEM) over
https, in good and in bad manners, for tests of fetching.

The first part of the path says how a file is given:
  /plain/FILE      whole or in parts, with an ETag of its content
  /dated/FILE      with Last-Modified in place of the ETag
  /bare/FILE       with neither
  /whole/FILE      never in parts
  /cut/FILE        only half of what was promised, whichever part was asked for
  /drop/FILE       half of it the first time, then as /plain
  /slow/FILE       100 bytes a second
  /hang/FILE       the headers, then nothing
  /wrong/FILE      a part that begins elsewhere
  /chunked/FILE    in chunks, without a length
  /huge/FILE       a length of 2^50
  /error/CODE/FILE that status
  /secure/PORT/FILE a redirect to https on that port
  /to/FILE         a redirect to /plain/FILE; /loop to itself; /file to file:///; /relative/FILE by a relative address
  /mixed/FILE      as /plain, with the ETag in an odd case of letters
It also plays a proxy, which has these files for every host. Every request is a line of LOG: method, path, Range, If-Range, User-Agent.
"""
import hashlib
import http.server
import os
import ssl
import sys
import threading
import time

folder, port_file, log_file = sys.argv[1:4]
seen = set()
lock = threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def note(self):
        with lock, open(log_file, "a") as log:
            print(self.command, self.path, self.headers.get("Range"), self.headers.get("If-Range"),
                  self.headers.get("User-Agent"), file=log)

    def redirect(self, to, status=302):
        self.send_response(status)
        self.send_header("Location", to)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"moved")

    def refuse(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"sorry\n")

    def do_GET(self):
        self.note()
        # a proxy is asked for whole addresses
        path = self.path.split("/", 3)[3] if self.path.startswith("http://") else self.path
        parts = path.strip("/").split("/")
        mode, name = parts[0], parts[-1]
        if mode == "to":
            return self.redirect("http://127.0.0.1:%d/plain/%s" % (self.server.server_port, name), 301)
        if mode == "secure":
            return self.redirect("https://127.0.0.1:%s/plain/%s" % (parts[1], name), 308)
        if mode == "relative":
            return self.redirect("../plain/" + name, 307)
        if mode == "loop":
            return self.redirect(self.path)
        if mode == "file":
            return self.redirect("file:///etc/hostname")
        if mode == "error":
            return self.refuse(int(parts[1]))
        try:
            with open(os.path.join(folder, name), "rb") as file:
                data = file.read()
        except OSError:
            return self.refuse(404)
        self.give(mode, name, data)

    def give(self, mode, name, data):
        etag = '"' + hashlib.md5(data).hexdigest() + '"'
        changed = "Mon, 01 Jan 2024 00:00:%02d GMT" % (len(data) % 60)
        validator = etag if mode != "dated" else changed
        asked = self.headers.get("Range")
        start = 0
        condition = self.headers.get("If-Range")
        is_part = (asked is not None and mode not in ("whole", "chunked")
                   and (condition is None or condition == validator))
        if is_part:
            start = int(asked.removeprefix("bytes=").split("-")[0])
        if is_part and start >= len(data):
            self.send_response(416)
            self.send_header("Content-Range", "bytes */%d" % len(data))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = data[start:]
        self.send_response(206 if is_part else 200)
        if is_part:
            begin = start + (1 if mode == "wrong" else 0)
            self.send_header("Content-Range", "bytes %d-%d/%d" % (begin, len(data) - 1, len(data)))
        if mode == "dated":
            self.send_header("Last-Modified", changed)
        elif mode != "bare":
            self.send_header("eTaG" if mode == "mixed" else "ETag", etag)
        with lock:
            is_first = (mode, name) not in seen
            seen.add((mode, name))
        if mode == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for at in range(0, len(body), 5000):
                piece = body[at:at + 5000]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
            return
        self.send_header("Content-Length", str(1 << 50 if mode == "huge" else len(body)))
        self.end_headers()
        if mode == "cut" or mode == "huge" or (mode == "drop" and is_first):
            self.wfile.write(body[:(len(body) + 1) // 2])
            self.close_connection = True
        elif mode in ("slow", "hang"):
            self.give_slowly(body if mode == "slow" else b"")
        else:
            self.wfile.write(body)

    def give_slowly(self, body):
        try:
            for at in range(0, len(body), 10):
                self.wfile.write(body[at:at + 10])
                self.wfile.flush()
                time.sleep(0.1)
            time.sleep(30)
        except OSError:
            pass
        self.close_connection = True


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
if len(sys.argv) > 4:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(sys.argv[4])
    server.socket = tls.wrap_socket(server.socket, server_side=True)
with open(port_file + ".new", "w") as file:
    file.write(str(server.server_port))
os.rename(port_file + ".new", port_file)
server.serve_forever()
