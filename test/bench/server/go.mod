// The benchmark server and its tools; standard library only.
module exhibit.test/bench/server

go 1.24
