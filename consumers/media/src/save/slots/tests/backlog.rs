//! How many links of a backlog are saved, by the order in which they are followed: the figures of ADR 0073.

/// In steps of five minutes. A link comes every ten: what counts is how this stands to lives and to how fast links are followed.
const HOUR: u32 = 12;
const COMES_EVERY: u32 = 2;
/// The lives of a story's link and of another.
const LIVES: [u32; 2] = [24 * HOUR, 96 * HOUR];
/// Of the oldest links, those of which weir-media knows: those of the look-ahead of its partitions.
const LOOK_AHEAD: usize = 5;

#[derive(Clone, Copy, Debug)]
enum Order {
    /// As they came.
    OldestFirst,
    NewestFirst,
    /// Of the oldest ones, the one that dies first, as weir-media mostly does.
    DiesFirstOfOldest,
    /// Of all: the best there is, for which the whole backlog would have to be read before anything is done.
    DiesFirst,
}

/// What goes on.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// Links that came before the first is followed, in hours.
    away: u32,
    /// All that come, in hours.
    hours: u32,
    /// A link is followed each so many steps.
    follows_every: u32,
    /// Of four links, those of stories.
    stories: u32,
    /// Whether the host of a dead link is asked, which takes as long as to save one.
    asks_for_dead: bool,
}

const AWAY: Run = Run { away: 30, hours: 90, follows_every: 1, stories: 4, asks_for_dead: false };
/// Twice as many links come as are followed, for five days.
const TOO_SLOW: Run = Run { away: 0, hours: 120, follows_every: 4, stories: 4, asks_for_dead: false };

impl Order {
    const ALL: [Self; 4] = [Self::OldestFirst, Self::NewestFirst, Self::DiesFirstOfOldest, Self::DiesFirst];

    /// Which of those that wait, by when they die in the order in which they came, is the next.
    fn next(self, waiting: &[u32]) -> usize {
        let first = |waiting: &[u32]| {
            let dies = waiting.iter().enumerate().min_by_key(|(_, dies)| **dies);
            dies.map_or(0, |(index, _)| index)
        };
        match self {
            Self::OldestFirst => 0,
            Self::NewestFirst => waiting.len() - 1,
            Self::DiesFirstOfOldest => first(&waiting[..waiting.len().min(LOOK_AHEAD)]),
            Self::DiesFirst => first(waiting),
        }
    }
}

impl Run {
    fn saved(self, order: Order) -> u32 {
        let all = self.hours * HOUR / COMES_EVERY;
        let mut waiting: Vec<u32> = Vec::new();
        let (mut came, mut saved, mut now) = (0, 0, self.away * HOUR);
        loop {
            while came < all && came * COMES_EVERY <= now {
                let [story, other] = LIVES;
                let life = if came % 4 < self.stories { story } else { other };
                waiting.push(came * COMES_EVERY + life);
                came += 1;
            }
            if !self.asks_for_dead {
                waiting.retain(|dies| *dies > now);
            }
            if !waiting.is_empty() {
                let dies = waiting.remove(order.next(&waiting));
                saved += u32::from(dies > now);
            } else if came == all {
                return saved;
            }
            now += self.follows_every;
        }
    }

    fn by_order(self) -> [u32; 4] {
        Order::ALL.map(|order| self.saved(order))
    }
}

#[test]
fn a_backlog_shorter_than_a_life_is_saved_whole_unless_the_newest_come_first() {
    let run = Run { away: 20, hours: 60, ..AWAY };
    assert_eq!(run.by_order(), [360, 312, 360, 360]);
}

#[test]
fn of_a_backlog_longer_than_a_life_the_newest_first_saves_least() {
    assert_eq!(AWAY.by_order(), [503, 432, 503, 503]);
    assert_eq!(Run { stories: 1, ..AWAY }.by_order(), [525, 513, 526, 530]);
    let four_days = Run { away: 96, hours: 200, stories: 1, ..AWAY };
    assert_eq!(four_days.by_order(), [1_027, 881, 1_027, 1_091]);
}

#[test]
fn where_it_is_too_slow_for_ever_oldest_first_needs_dead_links_to_cost_nothing() {
    assert_eq!(TOO_SLOW.by_order(), [432, 396, 432, 432]);
    let asking = Run { asks_for_dead: true, ..TOO_SLOW };
    assert_eq!(asking.by_order(), [144, 396, 144, 144]);
}
