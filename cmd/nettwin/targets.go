package main

import (
	"errors"
	"fmt"

	"nettwin/ingest"
	"nettwin/ingest/snmp"
	"nettwin/internal/config"
)

// configuredTargets turns the devices of a configuration into targets of the
// scheduler, with their credentials' secrets resolved once, at start.
func configuredTargets(cfg *config.Config) ([]ingest.ScheduledTarget, func(ingest.Target) (snmp.Credential, error), error) {
	credentials := map[string]snmp.Credential{}
	var targets []ingest.ScheduledTarget
	for _, device := range cfg.Devices {
		if device.Collect.SNMP == 0 {
			continue
		}
		credential, err := resolveSNMP(cfg.Credentials[device.Credential].SNMP)
		if err != nil {
			return nil, nil, fmt.Errorf("device %s: credential %s: %w", device.Name, device.Credential, err)
		}
		credentials[device.Name] = credential
		targets = append(targets, ingest.ScheduledTarget{
			Target: ingest.Target{Name: device.Name, Address: device.Address},
			Period: device.Collect.SNMP,
		})
	}
	return targets, credentialsByName(credentials), nil
}

func credentialsByName(known map[string]snmp.Credential) func(ingest.Target) (snmp.Credential, error) {
	return func(t ingest.Target) (snmp.Credential, error) {
		credential, ok := known[t.Name]
		if !ok {
			return credential, fmt.Errorf("device %s has no credential", t.Name)
		}
		return credential, nil
	}
}

func resolveSNMP(c *config.SNMP) (snmp.Credential, error) {
	if c == nil {
		return snmp.Credential{}, errors.New("it has no part snmp")
	}
	out := snmp.Credential{User: c.User, Auth: c.AuthProtocol, Priv: c.PrivProtocol, Context: c.Context}
	for _, secret := range []struct {
		from config.Secret
		to   *string
	}{{c.Community, &out.Community}, {c.Auth, &out.AuthPass}, {c.Priv, &out.PrivPass}} {
		if secret.from.IsZero() {
			continue
		}
		text, err := secret.from.Resolve()
		if err != nil {
			return out, err
		}
		*secret.to = text
	}
	return out, out.Validate()
}
