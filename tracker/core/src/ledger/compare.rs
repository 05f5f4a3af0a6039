//! Ledger, declaration and release note, field by field, and the consignments beside them. Quantities have to agree; weights within a
//! tolerance.

use super::book::{Item, Stand};
use sealway_schemas::ledger::{Difference, Field, GoodsLine, GoodsStatus, Quantity};
use std::collections::BTreeMap;

/// A line with what the ledger says of its goods, before the line was taken out of stock.
type Rows<'a> = BTreeMap<Item, (Option<&'a GoodsLine>, Option<&'a GoodsLine>)>;

/// What the three say. `noted` is `None` before there is a release note.
#[derive(Debug)]
pub(crate) struct ThreeWay<'a> {
    pub(crate) declared: BTreeMap<Item, &'a GoodsLine>,
    pub(crate) noted: Option<BTreeMap<Item, &'a GoodsLine>>,
    /// How much of each declared line the stock could cover.
    pub(crate) covered: BTreeMap<Item, Quantity>,
    /// What the consignments of the enterprise sum to, where there are any.
    pub(crate) consigned: BTreeMap<Item, Quantity>,
    /// By which a weight may be off, per thousand.
    pub(crate) weight_permille: u32,
}

impl ThreeWay<'_> {
    pub(crate) fn differences<'a>(&self, stand: impl Fn(&Item) -> Option<&'a Stand>) -> Vec<Difference> {
        let mut rows: Rows<'_> = self.declared.iter().map(|(item, line)| (item.clone(), (Some(*line), None))).collect();
        for (item, line) in self.noted.iter().flatten() {
            rows.entry(item.clone()).or_default().1 = Some(line);
        }
        let papers = rows.into_iter().flat_map(|(item, (declared, noted))| self.row(&item, stand(&item), declared, noted));
        papers.chain(self.consigned.iter().filter_map(|(item, quantity)| self.consigned_otherwise(item, *quantity))).collect()
    }

    /// Bonded goods are declared or do not travel; what is declared is consigned in the same quantity.
    fn consigned_otherwise(&self, item: &Item, quantity: Quantity) -> Option<Difference> {
        let declared = self.declared.get(item);
        let field = match declared {
            Some(declared) if declared.quantity != quantity => Field::Consigned,
            None if item.status == GoodsStatus::Bonded => Field::Line,
            Some(_) | None => return None,
        };
        let declared = declared.map(|line| line.quantity.to_string());
        let (goods, status, consigned) = (item.goods.clone(), item.status, Some(quantity.to_string()));
        Some(Difference { goods, status, field, ledger: None, declared, noted: None, consigned })
    }

    fn row(&self, item: &Item, stand: Option<&Stand>, declared: Option<&GoodsLine>, noted: Option<&GoodsLine>) -> Vec<Difference> {
        let difference = |field, [ledger, declared, noted]: [Option<String>; 3]| Difference {
            goods: item.goods.clone(),
            status: item.status,
            field,
            ledger,
            declared,
            noted,
            consigned: None,
        };
        let quantity = |line: Option<&GoodsLine>| line.map(|line| line.quantity.to_string());
        let missing = declared.is_none() || stand.is_none() || (self.noted.is_some() && noted.is_none());
        let (Some(stand), Some(declared), false) = (stand, declared, missing) else {
            let stock = stand.map(|stand| stand.stock.to_string());
            return vec![difference(Field::Line, [stock, quantity(declared), quantity(noted)])];
        };
        let covered = self.covered.get(item).copied().unwrap_or_default();
        let text = |of: fn(&GoodsLine) -> String| [Some(of(declared)), noted.map(of)];
        let mut found = Vec::new();
        let mut check = |field, ledger: String, [declared, noted]: [Option<String>; 2], fits: bool| {
            if !fits {
                found.push(difference(field, [Some(ledger), declared, noted]));
            }
        };
        let same = |fits: fn(&GoodsLine, &GoodsLine) -> bool| noted.is_none_or(|noted| fits(declared, noted));
        check(Field::Hs, stand.hs.to_string(), text(|line| line.hs.to_string()), stand.hs == declared.hs && same(|a, b| a.hs == b.hs));
        check(
            Field::Unit,
            stand.unit.to_string(),
            text(|line| line.unit.to_string()),
            stand.unit == declared.unit && same(|a, b| a.unit == b.unit),
        );
        let fits = covered == declared.quantity && same(|a, b| a.quantity == b.quantity);
        check(Field::Quantity, covered.to_string(), text(|line| line.quantity.to_string()), fits);
        let expected = weight_of(stand, declared.quantity);
        let fits = [Some(declared), noted].into_iter().flatten().all(|line| near(line.weight_kg, expected, self.weight_permille));
        check(Field::WeightKg, expected.to_string(), text(|line| line.weight_kg.to_string()), fits);
        found
    }
}

/// What `quantity` weighs by the ledger.
fn weight_of(stand: &Stand, quantity: Quantity) -> Quantity {
    let product = u128::from(stand.weight_kg.thousandths()) * u128::from(quantity.thousandths());
    let weight = product.checked_div(u128::from(stand.imported.thousandths())).unwrap_or_default();
    Quantity::from_thousandths(u64::try_from(weight).unwrap_or(u64::MAX))
}

fn near(found: Quantity, expected: Quantity, permille: u32) -> bool {
    let off = u128::from(found.thousandths().abs_diff(expected.thousandths()));
    off * 1000 <= u128::from(expected.thousandths()) * u128::from(permille)
}

#[cfg(test)]
mod tests {
    use super::super::book::Names;
    use super::*;

    fn line(change: impl FnOnce(&mut GoodsLine)) -> GoodsLine {
        let mut line = GoodsLine {
            goods: "CHIP".parse().unwrap(),
            hs: "85423190".parse().unwrap(),
            unit: "PCE".parse().unwrap(),
            status: GoodsStatus::Bonded,
            quantity: "10".parse().unwrap(),
            weight_kg: "20".parse().unwrap(),
        };
        change(&mut line);
        line
    }

    fn item() -> Item {
        Item { enterprise: "chips".parse().unwrap(), goods: "CHIP".parse().unwrap(), status: GoodsStatus::Bonded }
    }

    /// Against a ledger of 100 pieces of 2 kg each.
    fn fields(declared: Option<&GoodsLine>, noted: Option<Option<&GoodsLine>>) -> Vec<Field> {
        let stand = Stand {
            names: Names { zh: "芯片".to_owned(), en: "Chip".to_owned() },
            hs: "85423190".parse().unwrap(),
            unit: "PCE".parse().unwrap(),
            imported: "100".parse().unwrap(),
            weight_kg: "200".parse().unwrap(),
            stock: "100".parse().unwrap(),
            under_way: Quantity::ZERO,
            written_off: Quantity::ZERO,
            missing: Quantity::ZERO,
        };
        let rows = |line: Option<&'static GoodsLine>| line.map(|line| (item(), line)).into_iter().collect::<BTreeMap<_, _>>();
        let leak = |line: Option<&GoodsLine>| line.map(|line| &*Box::leak(Box::new(line.clone())));
        let three = ThreeWay {
            declared: rows(leak(declared)),
            noted: noted.map(|noted| rows(leak(noted))),
            covered: declared.map(|line| (item(), line.quantity.min(stand.stock))).into_iter().collect(),
            consigned: BTreeMap::new(),
            weight_permille: 50,
        };
        three.differences(|_| Some(&stand)).into_iter().map(|difference| difference.field).collect()
    }

    #[test]
    fn equal_papers_differ_in_nothing() {
        assert_eq!(fields(Some(&line(|_| {})), None), []);
        assert_eq!(fields(Some(&line(|_| {})), Some(Some(&line(|_| {})))), []);
    }

    #[test]
    fn each_field_that_differs_is_named() {
        let good = line(|_| {});
        for (bad, field) in [
            (line(|line| line.hs = "85423199".parse().unwrap()), Field::Hs),
            (line(|line| line.unit = "KGM".parse().unwrap()), Field::Unit),
            (line(|line| line.weight_kg = "21.001".parse().unwrap()), Field::WeightKg),
        ] {
            assert_eq!(fields(Some(&bad), None), [field], "ledger against declaration");
            assert_eq!(fields(Some(&good), Some(Some(&bad))), [field], "declaration against note");
        }
        let less = line(|line| line.quantity = "9.999".parse().unwrap());
        assert_eq!(fields(Some(&good), Some(Some(&less))), [Field::Quantity]);
        let more = line(|line| (line.quantity, line.weight_kg) = ("101".parse().unwrap(), "202".parse().unwrap()));
        assert_eq!(fields(Some(&more), None), [Field::Quantity], "more than the stock");
        assert_eq!(fields(Some(&good), Some(None)), [Field::Line], "declared and not noted");
        assert_eq!(fields(None, Some(Some(&good))), [Field::Line], "noted and not declared");
    }

    #[test]
    fn a_weight_may_be_off_by_the_tolerance_and_not_by_a_gram_more() {
        for (weight, fits) in [("21", true), ("19", true), ("21.001", false), ("18.999", false)] {
            let declared = line(|line| line.weight_kg = weight.parse().unwrap());
            assert_eq!(fields(Some(&declared), None).is_empty(), fits, "{weight}");
        }
    }
}
