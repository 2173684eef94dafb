-- Where an operation has put each order, apart from the sentence that says it: pages say it in the reader's language.
alter table operation_items add column places text;
