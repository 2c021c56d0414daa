//! From a registration to a port.

use std::os::fd::AsFd;

use descsock_wire::Registration;
use switch::{Did, Endpoint, Policy, PortId, Sep, Svc};

use super::{Agent, Error, FIRST_DID};
use crate::admission::{Refusal, Rule};
use crate::client::{Client, LARGEST_FRAME, Tenant};
use crate::file;
use crate::visitor::{Pairs, Reply, Visitor};

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
        let census = self.clients.census(who.uid);
        let rule = self.reception.admission.admit(who, registration, census)?;
        let path = registration.path.as_bytes();
        let (region, mapping) = file::map(path, registration.mapping, who.uid, &rule.roots)?;
        let policy = self.policy(rule, registration)?;
        let endpoint = policy.services[0];
        let mut pairs = Pairs::new()?;
        let (form, bytes) = (registration.form, mapping.length());
        let reply = Reply::to(registration);
        reply.accept(visitor.as_fd(), &mut pairs)?;
        let client = Client::new(Tenant {
            doorbell: visitor.into_socket(),
            sockets: pairs.ours,
            region,
            mapping,
            layout: form.layout(),
            endpoint,
        });
        let name = tenant_name(registration, endpoint);
        let id = self.add_client(&name, policy, client)?;
        tracing::info!(port = name, %endpoint, uid = who.uid, pid = who.pid, "client");
        let service_name = registration.service_name.printable();
        self.clients.note(id, who, bytes, service_name);
        Ok(())
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
        client: Client,
    ) -> Result<PortId, Refusal> {
        self.add_port(name, policy, Box::new(client))
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

/// What a client is called: as it wants, or by what it offers.
fn tenant_name(registration: &Registration, endpoint: Endpoint) -> String {
    let name = registration.service_name.printable();
    if name.is_empty() {
        return format!("svc{}-sep{}", endpoint.svc, endpoint.sep);
    }
    name
}
