//! What all Describe operations share: ids, filters with wildcards, and pages.
//!
//! A noun gives a table of its filters; the tag filters (`tag:KEY`, `tag-key`, `tag-value`) work for all. Values of one
//! filter are alternatives, filters are combined, and an unknown filter's name is an error, as on EC2. Everything fits one
//! page: `MaxResults` and `NextToken` are accepted and no token is ever given out.

use serde::Deserialize;
use serde_json::Value;

use super::lookup::Resource;
use super::{ApiError, Caller, Cloud, Tags};

/// One filter of a request.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(crate) struct Filter {
    /// The filter's name, as in `vpc-id`.
    pub name: String,
    /// Alternatives; `*` and `?` are wildcards.
    pub values: Vec<String>,
}

/// A noun's filters: the name, and the values a resource has under it.
pub(crate) type FilterTable<R> = &'static [(&'static str, fn(&R, &Cloud) -> Vec<String>)];

/// A noun with a Describe operation.
pub(crate) trait Described: Resource {
    const FILTERS: FilterTable<Self>;

    /// The resource as Describe shows it.
    fn describe(&self, cloud: &Cloud, caller: &Caller) -> Value;
}

impl Cloud {
    /// What a Describe operation answers with: the ids asked for (an unknown one is an error) or everything the caller
    /// sees, less what the filters exclude.
    pub(crate) fn described<R: Described>(
        &self,
        caller: &Caller,
        ids: &[String],
        filters: &[Filter],
    ) -> Result<Vec<Value>, ApiError> {
        Ok(self.selected::<R>(caller, ids, filters)?.map(|resource| resource.describe(self, caller)).collect())
    }

    /// The resources that a Describe operation is about.
    pub(crate) fn selected<'a, R: Described>(
        &'a self,
        caller: &'a Caller,
        ids: &[String],
        filters: &'a [Filter],
    ) -> Result<impl Iterator<Item = &'a R>, ApiError> {
        for filter in filters {
            check_filter(R::FILTERS.iter().map(|(name, _)| *name), filter)?;
        }
        let candidates: Vec<&R> = if ids.is_empty() {
            R::table(self).values().filter(|resource| resource.visible(self, caller)).collect()
        } else {
            ids.iter().map(|id| self.find(caller, id)).collect::<Result<_, _>>()?
        };
        Ok(candidates.into_iter().filter(move |resource| {
            filters.iter().all(|filter| {
                let has = |value: &str| filter.values.iter().any(|pattern| matches_wildcard(pattern, value));
                match R::FILTERS.iter().find(|(name, _)| *name == filter.name) {
                    Some((_, values)) => values(resource, self).iter().any(|value| has(value)),
                    None => tag_filter(resource.tags(self, caller), filter),
                }
            })
        }))
    }
}

/// Refuses a filter that neither the noun nor the tags have.
pub(crate) fn check_filter<'a>(known: impl IntoIterator<Item = &'a str>, filter: &Filter) -> Result<(), ApiError> {
    let name = filter.name.as_str();
    if name.starts_with("tag:") || matches!(name, "tag-key" | "tag-value") || known.into_iter().any(|it| it == name) {
        return Ok(());
    }
    Err(ApiError::invalid_value(format!("The filter '{name}' is invalid")))
}

/// Whether tags satisfy a `tag:KEY`, `tag-key` or `tag-value` filter.
pub(crate) fn tag_filter(tags: &Tags, filter: &Filter) -> bool {
    let any = |value: &str| filter.values.iter().any(|pattern| matches_wildcard(pattern, value));
    match filter.name.strip_prefix("tag:") {
        Some(key) => tags.get(key).is_some_and(any),
        None if filter.name == "tag-key" => tags.iter().any(|(key, _)| any(key)),
        None => tags.iter().any(|(_, value)| any(value)),
    }
}

/// Whether `text` matches a pattern in which `*` stands for any text, `?` for any one character, and a backslash makes the
/// next character ordinary.
pub(crate) fn matches_wildcard(pattern: &str, text: &str) -> bool {
    // Greedy with one point of return: linear in practice and never exponential.
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
                continue;
            }
            Some('?') => {
                (p, t) = (p + 1, t + 1);
                continue;
            }
            Some('\\') if pattern.get(p + 1) == Some(&text[t]) => {
                (p, t) = (p + 2, t + 1);
                continue;
            }
            Some(&c) if c == text[t] && c != '\\' => {
                (p, t) = (p + 1, t + 1);
                continue;
            }
            _ => {}
        }
        let Some((star_p, star_t)) = star else { return false };
        star = Some((star_p, star_t + 1));
        (p, t) = (star_p + 1, star_t + 1);
    }
    pattern[p..].iter().all(|&c| c == '*')
}

/// The one value a resource has under a filter.
pub(crate) fn one(value: impl ToString) -> Vec<String> {
    vec![value.to_string()]
}

/// The values a resource has under a filter.
pub(crate) fn many<T: ToString>(values: impl IntoIterator<Item = T>) -> Vec<String> {
    values.into_iter().map(|value| value.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_are_star_and_question_mark() {
        for (pattern, text, expected) in [
            ("web", "web", true),
            ("web", "web1", false),
            ("web*", "web", true),
            ("web*", "web-server", true),
            ("*VPC?", "ljhVPC1", true),
            ("*VPC?", "ljhVPC", false),
            ("*a*b", "xaxbxb", true),
            ("*a*b", "xaxbx", false),
            ("a\\*b", "a*b", true),
            ("a\\*b", "axb", false),
            ("", "", true),
            ("", "x", false),
        ] {
            assert_eq!(matches_wildcard(pattern, text), expected, "{pattern:?} on {text:?}");
        }
    }
}
