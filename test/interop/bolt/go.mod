module kubexhibit.dev/test/bolt

go 1.24

require go.etcd.io/bbolt v1.4.2

require golang.org/x/sys v0.31.0 // indirect
