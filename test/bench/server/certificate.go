package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// user is someone who may call: the name is also that of the kubeconfig file.
type user struct {
	name   string
	groups []string
	token  string
}

// newUsers: `ordinary` and `bystander` share a priority level and are two flows in it; `masters` is exempt from fairness.
func newUsers() ([]user, error) {
	users := []user{
		{name: "ordinary", groups: []string{"responders", "system:authenticated"}},
		{name: "masters", groups: []string{"system:masters", "system:authenticated"}},
		{name: "bystander", groups: []string{"developers", "system:authenticated"}},
	}
	for i := range users {
		secret := make([]byte, 20)
		if _, err := rand.Read(secret); err != nil {
			return nil, err
		}
		users[i].token = hex.EncodeToString(secret)
	}
	return users, nil
}

func newCertificate() (tls.Certificate, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(time.Now().UnixNano()),
		Subject:               pkix.Name{CommonName: "exhibit bench"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		DNSNames:              []string{"localhost"},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}

// writeClientFiles leaves what clients need: ca.crt, NAME.kubeconfig, NAME.header (for curl), server.
func writeClientFiles(folder, server string, authority []byte, users []user) error {
	files := map[string]string{"ca.crt": string(authority), "server": server + "\n"}
	for _, u := range users {
		files[u.name+".header"] = "Authorization: Bearer " + u.token + "\n"
		files[u.name+".kubeconfig"] = fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: bench
contexts: [{name: bench, context: {cluster: bench, user: %s}}]
clusters: [{name: bench, cluster: {server: "%s", certificate-authority-data: %s}}]
users: [{name: %s, user: {token: %s}}]
`, u.name, server, base64.StdEncoding.EncodeToString(authority), u.name, u.token)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}
