//! From a registration to a port.

use std::os::fd::AsFd;

use descsock_wire::{Extras, Limits, Registration};
use switch::{Did, Endpoint, Policy, PortId, Sep, Svc};

use super::{Agent, Error, FIRST_DID};
use crate::admission::{Census, Refusal, Rule};
use crate::client::{Client, LARGEST_FRAME, Tenant};
use crate::clients::Wire;
use crate::device::Device;
use crate::file;
use crate::ring_client::{RingClient, RingTenant};
use crate::visitor::{Ends, Reply, Visitor};

/// The largest payload behind a client: what fits the largest frame.
const CLIENT_MTU: usize = LARGEST_FRAME - 14;

impl Agent {
    /// Lets a client in that has registered, or says no.
    pub(super) fn admit(&mut self, visitor: Visitor, registration: &Registration) {
        let (who, reply) = (visitor.who, Reply::to(registration));
        // It is watched anew as a port's.
        let _ = self.reactor.forget(visitor.as_fd());
        // A copy to say no with: the connection itself becomes the port's.
        let Ok(doorbell) = visitor.as_fd().try_clone_to_owned() else {
            return self.reception.note(
                who,
                &Refusal::Os {
                    call: "dup",
                    source: std::io::Error::last_os_error(),
                },
            );
        };
        if let Err(refusal) = self.let_in(visitor, registration) {
            reply.refuse(doorbell.as_fd());
            self.reception.note(who, &refusal);
        }
    }

    fn let_in(&mut self, visitor: Visitor, registration: &Registration) -> Result<(), Refusal> {
        let who = visitor.who;
        let census = self.census(who.uid);
        let rule = self.reception.admission.admit(who, registration, census)?;
        let path = registration.path.as_bytes();
        let file = file::map(path, registration.mapping, who.uid, &rule.roots)?;
        let policy = self.policy(rule, registration)?;
        let (endpoint, bytes) = (policy.services[0], file.mapping.length());
        let wire = match registration.extras.contains(Extras::RINGS) && rule.rings {
            true => Wire::Rings,
            false => Wire::Sockets,
        };
        let device: Box<dyn Device> = match wire {
            Wire::Rings => Box::new(self.by_rings(visitor, registration, endpoint)?),
            Wire::Sockets => Box::new(by_sockets(visitor, registration, file, endpoint)?),
        };
        let name = tenant_name(registration, endpoint);
        let id = self.add_client(&name, policy, device)?;
        tracing::info!(port = name, %endpoint, %wire, uid = who.uid, pid = who.pid, "client");
        let service_name = registration.service_name.printable();
        self.clients.note(id, who, bytes, service_name, wire);
        Ok(())
    }

    /// A client whose frames come by rings. Its file is as good as any, but not used.
    fn by_rings(
        &self,
        visitor: Visitor,
        registration: &Registration,
        endpoint: Endpoint,
    ) -> Result<RingClient, Refusal> {
        let used = self.census(visitor.who.uid).bytes + registration.mapping.length();
        let left = self.reception.admission.caps.bytes_per_uid;
        let (socket, theirs) = Ends::of_rings()?;
        let client = RingClient::new(RingTenant {
            doorbell: visitor.into_socket(),
            socket,
            most_bytes: left
                .saturating_sub(used)
                .min(Limits::default().mapping_bytes),
            endpoint,
        });
        let client = client.map_err(Refusal::Rings)?;
        Reply::to(registration).accept(client.doorbell(), &theirs)?;
        Ok(client)
    }

    /// What the clients of a user have, what they share by rings included.
    fn census(&self, uid: u32) -> Census {
        let mut census = self.clients.census(uid);
        for id in self.clients.ids_of(uid) {
            let device = self.ports.get(id).and_then(|port| port.device.as_ref());
            census.bytes += device.map_or(0, |device| device.memory());
        }
        census
    }

    fn policy(&self, rule: &Rule, registration: &Registration) -> Result<Policy, Refusal> {
        let number = registration.service_id.value();
        let full = || Refusal::ServiceFull { svc: number.into() };
        let svc = Svc::new(number).map_err(|_| full())?;
        let sep: Sep = self.switch.free_sep(svc).ok_or_else(full)?;
        let mut policy = Policy::new(self.free_did());
        policy.default_nti = rule.nti;
        policy.ntis = rule.ntis;
        policy.mtu = CLIENT_MTU;
        policy.isolated = rule.isolated;
        policy.services = vec![Endpoint { svc, sep }];
        Ok(policy)
    }

    fn add_client(
        &mut self,
        name: &str,
        policy: Policy,
        device: Box<dyn Device>,
    ) -> Result<PortId, Refusal> {
        self.add_port(name, policy, device)
            .map_err(|error| match error {
                Error::Port { source, .. } => Refusal::Switch(source),
                Error::Os { call, source } => Refusal::Os { call, source },
                Error::Bind(_) => unreachable!("nothing is bound here"),
            })
    }

    /// The lowest did that is nobody's, from 16 on.
    pub(super) fn free_did(&self) -> Did {
        let mut all = (FIRST_DID..=Did::MAX.raw()).filter_map(|raw| Did::new(raw).ok());
        let is_alias = |did: Did| self.switch.aliases().any(|(alias, _)| alias == did);
        let free = |did: &Did| self.switch.port_by_did(*did).is_none() && !is_alias(*did);
        all.find(free).unwrap_or(Did::MAX) // there are more dids than ports and aliases
    }
}

/// A client whose frames are in its file.
fn by_sockets(
    visitor: Visitor,
    registration: &Registration,
    memory: file::Memory,
    endpoint: Endpoint,
) -> Result<Client, Refusal> {
    let (sockets, theirs) = Ends::of_sockets()?;
    Reply::to(registration).accept(visitor.as_fd(), &theirs)?;
    Ok(Client::new(Tenant {
        doorbell: visitor.into_socket(),
        sockets,
        memory,
        layout: registration.form.layout(),
        endpoint,
    }))
}

/// What a client is called: as it wants, or by what it offers.
fn tenant_name(registration: &Registration, endpoint: Endpoint) -> String {
    let name = registration.service_name.printable();
    if name.is_empty() {
        return format!("svc{}-sep{}", endpoint.svc, endpoint.sep);
    }
    name
}
