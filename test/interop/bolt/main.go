// Command bolt writes databases with the real bbolt and prints what it reads from them, for the reader of src/lib/bolt to agree with.
//
//	bolt make PATH CASE   small | nested | overflow | churn | churn-nofreelist | large
//	bolt dump PATH        one line per key: path in hex, parts joined by "/", a blank, SHA-256 of the value; buckets end in "/"
//	bolt torn PATH COPY   copies PATH while it is written to, page by page, with a transaction between pages
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log"
	"math/rand"
	"os"

	bolt "go.etcd.io/bbolt"
)

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func open(path string, options *bolt.Options) *bolt.DB {
	db, err := bolt.Open(path, 0o600, options)
	must(err)
	return db
}

func value(random *rand.Rand, size int) []byte {
	bytes := make([]byte, size)
	random.Read(bytes)
	return bytes
}

func fill(db *bolt.DB, random *rand.Rand, bucket string, count, size int) {
	must(db.Update(func(tx *bolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists([]byte(bucket))
		must(err)
		for i := 0; i < count; i++ {
			must(b.Put([]byte(fmt.Sprintf("key-%08d", random.Intn(1e8))), value(random, random.Intn(size+1))))
		}
		return nil
	}))
}

func nest(b *bolt.Bucket, random *rand.Rand, depth int) {
	for i := 0; i < 3; i++ {
		must(b.Put([]byte(fmt.Sprintf("leaf-%d", i)), value(random, random.Intn(200))))
		if depth > 0 {
			child, err := b.CreateBucketIfNotExists([]byte(fmt.Sprintf("bucket-%d", i)))
			must(err)
			nest(child, random, depth-1)
		}
	}
}

func churn(db *bolt.DB, random *rand.Rand) {
	for round := 0; round < 60; round++ {
		fill(db, random, "a", 40, 400)
		fill(db, random, "b", 20, 9000)
		must(db.Update(func(tx *bolt.Tx) error {
			b := tx.Bucket([]byte("a"))
			cursor := b.Cursor()
			for key, _ := cursor.First(); key != nil; key, _ = cursor.Next() {
				if random.Intn(3) == 0 {
					must(cursor.Delete())
				}
			}
			if round%10 == 9 {
				return tx.DeleteBucket([]byte("b"))
			}
			return nil
		}))
	}
}

func makeCase(path, name string) {
	random := rand.New(rand.NewSource(7))
	options := &bolt.Options{NoSync: true, NoFreelistSync: name == "churn-nofreelist"}
	if name == "nested" {
		options.PageSize = 16384
	}
	db := open(path, options)
	defer db.Close()
	switch name {
	case "small":
		fill(db, random, "only", 3, 20)
	case "nested":
		must(db.Update(func(tx *bolt.Tx) error {
			b, err := tx.CreateBucketIfNotExists([]byte("root"))
			must(err)
			nest(b, random, 6)
			_, err = tx.CreateBucketIfNotExists([]byte("empty"))
			return err
		}))
	case "overflow":
		fill(db, random, "big", 20, 300000)
	case "churn", "churn-nofreelist":
		churn(db, random)
	case "large":
		for i := 0; i < 12; i++ {
			fill(db, random, fmt.Sprintf("part-%02d", i), 20000, 820)
		}
	default:
		log.Fatalf("no case %s", name)
	}
}

func dump(b *bolt.Bucket, prefix string, out *bytes.Buffer) {
	must(b.ForEach(func(key, value []byte) error {
		name := prefix + hex.EncodeToString(key)
		if value == nil {
			fmt.Fprintf(out, "%s/\n", name)
			dump(b.Bucket(key), name+"/", out)
			return nil
		}
		digest := sha256.Sum256(value)
		fmt.Fprintf(out, "%s %s\n", name, hex.EncodeToString(digest[:]))
		return nil
	}))
}

func dumpAll(path string) {
	db := open(path, &bolt.Options{ReadOnly: true})
	defer db.Close()
	var out bytes.Buffer
	must(db.View(func(tx *bolt.Tx) error {
		return tx.ForEach(func(key []byte, b *bolt.Bucket) error {
			name := hex.EncodeToString(key)
			fmt.Fprintf(&out, "%s/\n", name)
			dump(b, name+"/", &out)
			return nil
		})
	}))
	_, err := os.Stdout.Write(out.Bytes())
	must(err)
}

// torn makes what a copy of a live database may be: each page is of another moment.
func torn(path, copyPath string) {
	random := rand.New(rand.NewSource(11))
	db := open(path, &bolt.Options{NoSync: true})
	defer db.Close()
	source, err := os.Open(path)
	must(err)
	target, err := os.Create(copyPath)
	must(err)
	info, err := source.Stat()
	must(err)
	page := make([]byte, 4096)
	for at := int64(0); at < info.Size(); at += int64(len(page)) {
		_, err := source.ReadAt(page, at)
		must(err)
		_, err = target.WriteAt(page, at)
		must(err)
		if (at/4096)%8 == 0 {
			fill(db, random, "a", 5, 400)
		}
	}
	must(target.Close())
}

func main() {
	switch {
	case len(os.Args) == 4 && os.Args[1] == "make":
		makeCase(os.Args[2], os.Args[3])
	case len(os.Args) == 3 && os.Args[1] == "dump":
		dumpAll(os.Args[2])
	case len(os.Args) == 4 && os.Args[1] == "torn":
		torn(os.Args[2], os.Args[3])
	default:
		log.Fatal("usage: bolt make PATH CASE | dump PATH | torn PATH COPY")
	}
}
