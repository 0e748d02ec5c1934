//! One question for all who wait for the same answer.
//!
//! There is no task that answers for others. Whoever comes first asks; the rest wait for the same lock and find the
//! answer there. When the first one goes away, cancelled or panicking, the next in line asks instead.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Everything that is being asked.
#[derive(Debug)]
pub(crate) struct Flights<T>(Mutex<HashMap<[u8; 32], Boarding<T>>>);

/// One question.
#[derive(Debug)]
pub(crate) struct Flight<T> {
    answer: tokio::sync::Mutex<Option<T>>,
}

/// A question with the number of those who wait for its answer.
#[derive(Debug)]
struct Boarding<T> {
    flight: Arc<Flight<T>>,
    seats: usize,
}

/// A place among those who wait for one question's answer.
#[derive(Debug)]
pub(crate) struct Seat<'a, T> {
    flights: &'a Flights<T>,
    key: [u8; 32],
    flight: Arc<Flight<T>>,
}

impl<T> Flights<T> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }

    pub(crate) fn join(&self, key: [u8; 32]) -> Seat<'_, T> {
        let mut flights = self.lock();
        let boarding = flights.entry(key).or_insert_with(|| Boarding {
            flight: Arc::new(Flight { answer: tokio::sync::Mutex::new(None) }),
            seats: 0,
        });
        boarding.seats += 1;
        Seat { flights: self, key, flight: Arc::clone(&boarding.flight) }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Boarding<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Copy> Seat<'_, T> {
    /// The answer, and whether somebody else had asked.
    pub(crate) async fn answer(&self, ask: impl Future<Output = T>) -> (T, bool) {
        let mut answer = self.flight.answer.lock().await;
        if let Some(answer) = *answer {
            return (answer, true);
        }
        let found = ask.await;
        *answer = Some(found);
        // Whoever comes from now on asks anew.
        let mut flights = self.flights.lock();
        if flights.get(&self.key).is_some_and(|boarding| Arc::ptr_eq(&boarding.flight, &self.flight)) {
            flights.remove(&self.key);
        }
        (found, false)
    }
}

impl<T> Drop for Seat<'_, T> {
    /// When nobody is left who would ask, the question goes.
    fn drop(&mut self) {
        let mut flights = self.flights.lock();
        let Some(boarding) = flights.get_mut(&self.key) else { return };
        if Arc::ptr_eq(&boarding.flight, &self.flight) {
            boarding.seats -= 1;
            if boarding.seats == 0 {
                flights.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [1; 32];

    #[tokio::test]
    async fn whoever_sits_shares_the_answer_and_whoever_comes_later_asks_anew() {
        let flights = Flights::new();
        let (first, second) = (flights.join(KEY), flights.join(KEY));
        assert_eq!(first.answer(async { 1 }).await, (1, false));
        let third = flights.join(KEY);
        assert_eq!(second.answer(async { 2 }).await, (1, true));
        assert_eq!(third.answer(async { 3 }).await, (3, false));
    }

    #[tokio::test]
    async fn other_keys_are_other_questions() {
        let flights = Flights::new();
        let (one, other) = (flights.join(KEY), flights.join([2; 32]));
        assert_eq!(one.answer(async { 1 }).await, (1, false));
        assert_eq!(other.answer(async { 2 }).await, (2, false));
    }

    #[tokio::test]
    async fn nothing_stays_when_all_have_left_whether_answered_or_not() {
        let flights = Flights::new();
        let (first, second) = (flights.join(KEY), flights.join(KEY));
        drop(first);
        assert_eq!(flights.len(), 1);
        assert_eq!(second.answer(async { 1 }).await, (1, false));
        assert_eq!(flights.len(), 0);
        let third = flights.join(KEY);
        drop(second);
        assert_eq!(flights.len(), 1, "a later question is not the earlier one's to remove");
        drop(third);
        assert_eq!(flights.len(), 0);
    }
}
