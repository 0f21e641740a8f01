// The tools of the benchmarks: a Kubernetes API made of cached answers, a client that measures its latency, a measurer of process
// trees, and a source of log lines. Each runs as a process of its own, so that its CPU is never counted for a contestant.
package main

import (
	"fmt"
	"os"
)

func main() {
	commands := map[string]func([]string) error{
		"serve":   serve,
		"probe":   probe,
		"measure": measure,
		"lines":   writeLines,
	}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: bench-tools serve|probe|measure|lines ...")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench-tools "+os.Args[1]+":", err)
		os.Exit(1)
	}
}
