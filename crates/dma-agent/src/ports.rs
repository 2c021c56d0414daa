//! The ports of the agent: devices, and what the switch knows them by.

use switch::{DropCounters, DropReason, Misuse, Policy, PortId, Switch};

use crate::counters::PortCounters;
use crate::device::Device;
use crate::schedule::Scheduling;

/// One port.
#[derive(Debug)]
pub(crate) struct Port {
    pub(crate) id: PortId,
    pub(crate) name: String,
    /// Taken out while it hands over its frames.
    pub(crate) device: Option<Box<dyn Device>>,
    pub(crate) counters: PortCounters,
    /// It was given something that is not flushed yet.
    pub(crate) is_dirty: bool,
    /// It may have frames without further news.
    pub(crate) is_busy: bool,
}

impl Port {
    /// What its device had accepted and not delivered is lost, and counted.
    fn lose_undelivered(&mut self, reason: DropReason) {
        let device = self.device.as_ref();
        let undelivered = device.map_or(0, |device| device.undelivered());
        self.counters.settle(undelivered, reason);
    }

    /// Gives it another device in place of one that cannot be used any more.
    pub(crate) fn exchange(&mut self, device: Box<dyn Device>) {
        self.lose_undelivered(DropReason::LinkDown);
        self.device = Some(device);
    }
}

/// All ports, by the numbers the switch gave them.
#[derive(Debug, Default)]
pub(crate) struct Ports {
    slots: Vec<Option<Port>>,
    /// What was counted for ports that are gone, mirrors left out.
    pub(crate) gone: PortCounters,
}

impl Ports {
    pub(crate) fn add(
        &mut self,
        switch: &mut Switch,
        policy: Policy,
        name: String,
        device: Box<dyn Device>,
    ) -> Result<PortId, Misuse> {
        let id = switch.add_port(policy)?;
        if self.slots.len() <= id.index() {
            self.slots.resize_with(id.index() + 1, || None);
        }
        self.slots[id.index()] = Some(Port {
            id,
            name,
            device: Some(device),
            counters: PortCounters::default(),
            is_dirty: false,
            is_busy: false,
        });
        Ok(id)
    }

    /// Takes a port away. What it had accepted and not delivered is lost, and counted; what was counted for a mirror
    /// goes with it.
    pub(crate) fn remove(&mut self, id: PortId, is_mirror: bool) -> Option<Port> {
        let mut port = self.slots.get_mut(id.index())?.take()?;
        port.lose_undelivered(DropReason::PortGone);
        if !is_mirror {
            self.gone.merge(&port.counters);
        }
        Some(port)
    }

    /// Lets go of all ports: a successor has them. What they have counted stays counted.
    pub(crate) fn leave(&mut self, is_mirror: impl Fn(PortId) -> bool) {
        for port in self.slots.drain(..).flatten() {
            if !is_mirror(port.id) {
                self.gone.merge(&port.counters);
            }
        }
    }

    pub(crate) fn get(&self, id: PortId) -> Option<&Port> {
        self.slots.get(id.index())?.as_ref()
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, id: PortId) -> Option<&mut Port> {
        self.slots.get_mut(id.index())?.as_mut()
    }

    pub(crate) fn at_index(&mut self, index: usize) -> Option<&mut Port> {
        self.slots.get_mut(index)?.as_mut()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &Port)> {
        let slots = self.slots.iter().enumerate();
        slots.filter_map(|(index, slot)| Some((index, slot.as_ref()?)))
    }

    pub(crate) fn schedule_by(&mut self, scheduling: Scheduling) {
        let ports = self.slots.iter_mut().flatten();
        for device in ports.filter_map(|port| port.device.as_mut()) {
            device.schedule_by(scheduling);
        }
    }

    /// Drops by reason, over all ports there are and were, but for copies that did not reach a mirror.
    pub(crate) fn drops(&self, is_mirror: impl Fn(PortId) -> bool) -> DropCounters {
        let mut all = self.gone.refused;
        all.merge(&self.gone.dropped);
        for (_, port) in self.iter().filter(|(_, port)| !is_mirror(port.id)) {
            all.merge(&port.counters.refused);
            all.merge(&port.counters.dropped);
        }
        all
    }
}
