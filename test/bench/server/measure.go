package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// usage is what one command and all that it started took.
type usage struct {
	ExitCode   int     `json:"exitCode"`
	WallS      float64 `json:"wallS"`
	CPUS       float64 `json:"cpuS"`
	UserS      float64 `json:"userS"`
	SystemS    float64 `json:"systemS"`
	TreeRSS    int64   `json:"treeRssBytes"`    // highest sum over the tree, sampled
	ProcessRSS int64   `json:"processRssBytes"` // highest of any single process, by the kernel
	TimedOut   bool    `json:"timedOut"`
}

const (
	prSetChildSubreaper = 36
	samplePeriod        = 20 * time.Millisecond
)

// measure runs a command in a process group of its own and writes its usage. It adopts orphans, so that no descendant is missed.
func measure(arguments []string) error {
	flags := flag.NewFlagSet("measure", flag.ContinueOnError)
	out := flags.String("out", "", "where the usage is written, JSON")
	timeout := flags.Duration("timeout", 10*time.Minute, "the group is killed after this")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, prSetChildSubreaper, 1, 0); errno != 0 {
		return errno
	}
	command := exec.Command(flags.Arg(0), flags.Args()[1:]...)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	begun := time.Now()
	if err := command.Start(); err != nil {
		return err
	}
	stop := make(chan struct{})
	peak := make(chan int64)
	go func() { peak <- samplePeak(os.Getpid(), stop) }()
	var u usage
	timer := time.AfterFunc(*timeout, func() {
		u.TimedOut = true
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
	})
	u.ExitCode = reap(command.Process.Pid)
	u.WallS = time.Since(begun).Seconds()
	timer.Stop()
	close(stop)
	u.TreeRSS = <-peak
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &r); err != nil {
		return err
	}
	u.UserS, u.SystemS = seconds(r.Utime), seconds(r.Stime)
	u.CPUS = u.UserS + u.SystemS
	u.ProcessRSS = r.Maxrss * 1024
	text, err := json.Marshal(u)
	if err != nil {
		return err
	}
	return os.WriteFile(*out, append(text, '\n'), 0o600)
}

func seconds(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }

// reap waits for every descendant and returns how the first one ended; 128 and the signal's number when a signal ended it.
func reap(first int) int {
	code := -1
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return code // no children left
		}
		if pid == first {
			code = status.ExitStatus()
			if status.Signaled() {
				code = 128 + int(status.Signal())
			}
		}
	}
}

func samplePeak(root int, stop <-chan struct{}) int64 {
	var peak int64
	ticker := time.NewTicker(samplePeriod)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return peak
		case <-ticker.C:
			peak = max(peak, treeRSS(root)-residentBytes(root))
		}
	}
}

func treeRSS(pid int) int64 {
	sum := residentBytes(pid)
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		for _, child := range strings.Fields(string(text)) {
			if number, err := strconv.Atoi(child); err == nil {
				sum += treeRSS(number)
			}
		}
	}
	return sum
}

func residentBytes(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}
